"""`tenderlake enrich`: fetches the exchange rates that facts need from a public service."""

from datetime import datetime
from typing import Annotated

import typer

from infrastructure.settings import Settings


def enrich(
    since: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="first day; 30 days before the last one by default"),
    ] = None,
    to: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="last day; yesterday by default")] = None,
    currency: Annotated[
        list[str] | None, typer.Option(help="ISO 4217 code, repeatable; those of the facts by default")
    ] = None,
) -> None:
    """Fetch the rates that facts need, or the named ones, from the exchange-rate service; submit new ones as a job."""
    from infrastructure.bootstrap import bootstrap
    from services.exchange_rates.fetching import RateRequest, fetch_rates

    request = RateRequest(since.date() if since else None, to.date() if to else None, currency or None)
    job = fetch_rates(bootstrap(Settings()), "cli", request)
    typer.echo(f"job {job.id} lands {job.filename}" if job else "no new exchange rates")
