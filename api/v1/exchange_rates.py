"""POST /v1/enrich/exchange-rates: fetches the exchange rates that facts need from a public service."""

from datetime import date
from typing import Annotated

from fastapi import Body
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.auth import Writer
from api.context import Context
from api.openapi import answers
from api.requests.parameters import strict_router
from api.v1.job_responses import CHANGE, Options, accepted
from api.v1.schemas import JobAnswer
from domain.reference_data.records import Currency
from services.exchange_rates.fetching import RateRequest, fetch_rates

router = strict_router("/v1/enrich", "enrichment")


class RateSelection(BaseModel):
    """Which rates to fetch. Omitted members get defaults; an empty body fetches the rates that facts need and lack."""

    model_config = ConfigDict(extra="forbid")

    first: date | None = Field(
        None, alias="from", description="first day; default: 30 days before `to`", examples=["2024-01-01"]
    )
    to: date | None = Field(
        None,
        description="last day; default and latest: yesterday, since rates of today may still change",
        examples=["2024-01-31"],
    )
    currencies: list[Currency] | None = Field(
        None, min_length=1, max_length=200, description="ISO 4217 codes; default: the currencies of the facts"
    )

    def to_request(self) -> RateRequest:
        """The body as the service's request."""
        return RateRequest(self.first, self.to, self.currencies)


@router.post(
    "/exchange-rates",
    status_code=202,
    response_model=JobAnswer,
    responses={
        **CHANGE,
        204: {"description": "No new rates: all requested rates are known or the service has none. No job is made"},
        **answers(507),
    },
)
def exchange_rates(
    context: Context, user: Writer, options: Options, selection: Annotated[RateSelection | None, Body()] = None
) -> Response:
    """Fetch rates from the exchange-rate service (`TENDERLAKE_RATES_URL`), then land the new ones as a job.

    Answers once the service has answered. 409 if no service is configured; 503 if it does not answer or its answer is
    implausible: then nothing of that answer is kept.

    `curl -u admin:… -X POST localhost:8000/v1/enrich/exchange-rates`
    """
    body = selection.model_dump_json() if selection else ""
    job = fetch_rates(
        context.parts,
        user.name,
        selection.to_request() if selection else None,
        idempotency=options.idempotency_key(user, body),
        webhook=options.job_webhook(context),
    )
    return accepted(context, options, job) if job else Response(status_code=204)
