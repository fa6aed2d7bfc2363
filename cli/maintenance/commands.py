"""`tenderlake verify`, `rebuild` and `doctor`."""

from enum import StrEnum
from itertools import islice
from typing import Annotated

import typer

from infrastructure.settings import Settings

SHOWN = 20


class Layer(StrEnum):
    """What can be made anew."""

    SILVER = "silver"
    GOLD = "gold"
    SEARCH = "search"


def verify() -> None:
    """Build silver, gold and search from bronze in a scratch place and compare row for row; exit 1 where they differ."""
    from infrastructure.bootstrap import bootstrap
    from infrastructure.scratch_installation import scratch_installation
    from services.maintenance.verify import verify as compare

    settings = Settings()
    live = bootstrap(settings)
    live.warehouse.check()
    with scratch_installation(settings, live) as fresh:
        found = compare(live, fresh)
        first = list(islice(found, SHOWN))
        more = sum(1 for _ in found)
    for one in first:
        typer.echo(str(one))
    if first:
        typer.echo(f"{len(first) + more} rows differ; `tenderlake rebuild` makes them anew")
        raise typer.Exit(1)
    typer.echo("silver, gold and search equal what bronze makes")


What = Annotated[Layer | None, typer.Argument(help="what is made anew", show_default="silver")]
Named = Annotated[Layer | None, typer.Option("--layer", help="the same, as an option", show_default=False)]


def rebuild(what: What = None, named: Named = None) -> None:
    """Make silver (and with it gold and search), gold (and search), or search anew; readers keep working."""
    from infrastructure.bootstrap import bootstrap
    from infrastructure.scratch_installation import DiscardingMessageQueue
    from services.maintenance import rebuild as services

    if what and named and what is not named:
        raise typer.BadParameter(f"{what} and --layer {named}: say one of them")
    layer = what or named or Layer.SILVER
    parts = bootstrap(Settings())
    quiet = type(parts)(**{**vars(parts), "messages": DiscardingMessageQueue()})
    if layer is Layer.SILVER:
        typer.echo(f"{services.rebuild_silver(quiet)} processes refined anew")
    if layer in {Layer.SILVER, Layer.GOLD}:
        typer.echo(f"{services.rebuild_gold(quiet)} processes published anew")
    else:
        typer.echo(f"{services.rebuild_search(quiet)} documents written anew")


def doctor() -> None:
    """Say what is wrong with this installation, and how to mend it; exit 1 where anything is."""
    from cli.maintenance.doctor import examine

    wrong = 0
    for check in examine(Settings()):
        wrong += not check.passed
        typer.echo(f"{'ok  ' if check.passed else 'BAD '} {check.finding}" + ("" if check.passed else f"\n     mend: {check.advice}"))
    if wrong:
        raise typer.Exit(1)
