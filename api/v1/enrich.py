"""POST /v1/enrich/exchange-rates: rates that facts need, asked of a public service."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from api.accepted import CHANGE, Asked, accepted
from api.auth import SCHEMES, Writer
from api.container import Here
from api.parameters import known
from api.problems import COMMON, answers
from api.schemas import JobAnswer
from services.intake.enrich import Wish, enrich

router = APIRouter(prefix="/v1/enrich", tags=["enrichment"], dependencies=[*SCHEMES, Depends(known)], responses=COMMON)
Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]


class RatesWish(BaseModel):
    """Which rates to ask for; what is left out is chosen, and an empty wish asks for what facts need and do not have."""

    model_config = ConfigDict(extra="forbid")

    first: date | None = Field(None, alias="from", description="first day; 30 days before `to` where it is left out", examples=["2024-01-01"])
    to: date | None = Field(None, description="last day, yesterday at most and where it is left out: rates of today may still change", examples=["2024-01-31"])
    currencies: list[Currency] | None = Field(None, min_length=1, max_length=200, description="ISO 4217 codes; those of the facts where they are left out")

    def read(self) -> Wish:
        """The wish as services know it."""
        return Wish(self.first, self.to, self.currencies)


@router.post(
    "/exchange-rates",
    status_code=202,
    response_model=JobAnswer,
    responses={**CHANGE, 204: {"description": "Every rate that was asked for is known, or the service has none: there is no job"}, **answers(507)},
)
def exchange_rates(here: Here, user: Writer, asked: Asked, wish: Annotated[RatesWish | None, Body()] = None) -> Response:
    """Ask the exchange-rate service (`TENDERLAKE_RATES_URL`) for rates; the answer comes when the service has answered, and the job lands what is new.

    409 where no service is set; 503 where it does not answer, or its answer can't be true: then nothing of that answer is kept.

    `curl -u admin:… -X POST localhost:8000/v1/enrich/exchange-rates`
    """
    body = wish.model_dump_json() if wish else ""
    job = enrich(here.parts, user.name, wish.read() if wish else None, once=asked.once(user, body), webhook=asked.hook(here))
    return accepted(here, asked, job) if job else Response(status_code=204)
