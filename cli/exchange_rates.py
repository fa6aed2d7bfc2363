"""`tenderlake enrich`: exchange rates that facts need, asked of a public service."""

from datetime import datetime
from typing import Annotated

import typer

from infrastructure.settings import Settings


def enrich(
    since: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="first day; 30 days before the last one by default")] = None,
    to: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="last day; yesterday by default")] = None,
    currency: Annotated[list[str] | None, typer.Option(help="ISO 4217 code, once or more; those of the facts by default")] = None,
) -> None:
    """Ask the exchange-rate service for the rates that facts need, or for those named, and submit what is new as a job."""
    from infrastructure.bootstrap import bootstrap
    from services.exchange_rates.fetching import RateRequest
    from services.exchange_rates.fetching import fetch_rates as ask

    wish = RateRequest(since.date() if since else None, to.date() if to else None, currency or None)
    job = ask(bootstrap(Settings()), "cli", wish)
    typer.echo(f"job {job.id} lands {job.filename}" if job else "there is nothing new")
