"""`tenderlake verify`, `rebuild`, `doctor`, `backup` and `restore`."""

from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from domain.shared.errors import ConflictError
from infrastructure.settings import Settings

SHOWN_DIFFERENCES = 20


class Layer(StrEnum):
    """The layers that can be rebuilt."""

    SILVER = "silver"
    GOLD = "gold"
    SEARCH = "search"


def verify() -> None:
    """Rebuild silver, gold and search from bronze in a scratch folder and compare row by row; exit 1 on differences."""
    _compare(Settings(), search=True)
    typer.echo("silver, gold and search equal a rebuild from bronze")


def _compare(settings: Settings, *, search: bool) -> None:
    """Print the differences between stored data and a rebuild from bronze; exit 1 if there are any."""
    from infrastructure.bootstrap import bootstrap
    from infrastructure.scratch_installation import scratch_installation
    from services.maintenance.verify import verify as compare

    live = bootstrap(settings)
    live.warehouse.check()
    with scratch_installation(settings, live) as fresh:
        found = compare(live, fresh, search=search)
        first = list(islice(found, SHOWN_DIFFERENCES))
        more = sum(1 for _ in found)
    for difference in first:
        typer.echo(str(difference))
    if first:
        typer.echo(f"{len(first) + more} rows differ; `tenderlake rebuild` rebuilds them")
        raise typer.Exit(1)


What = Annotated[Layer | None, typer.Argument(help="the layer to rebuild", show_default="silver")]
Named = Annotated[Layer | None, typer.Option("--layer", help="the same, as an option", show_default=False)]


def rebuild(what: What = None, named: Named = None) -> None:
    """Rebuild silver (then gold and search), gold (then search), or search only; readers keep working."""
    from infrastructure.bootstrap import bootstrap
    from infrastructure.scratch_installation import DiscardingMessageQueue
    from services.maintenance import rebuild as services

    if what and named and what is not named:
        raise typer.BadParameter(f"{what} and --layer {named} contradict each other: give one of them")
    layer = what or named or Layer.SILVER
    parts = bootstrap(Settings())
    without_messages = type(parts)(**{**vars(parts), "messages": DiscardingMessageQueue()})
    if layer is Layer.SILVER:
        typer.echo(f"{services.rebuild_silver(without_messages)} processes refined")
    if layer in {Layer.SILVER, Layer.GOLD}:
        typer.echo(f"{services.rebuild_gold(without_messages)} processes published")
    else:
        typer.echo(f"{services.rebuild_search(without_messages)} documents indexed")


def doctor() -> None:
    """Check this installation; print each problem and how to fix it; exit 1 if there is one."""
    from cli.maintenance.doctor import examine

    wrong = 0
    for check in examine(Settings()):
        wrong += not check.passed
        typer.echo(
            f"{'ok  ' if check.passed else 'BAD '} {check.finding}"
            + ("" if check.passed else f"\n     fix: {check.advice}")
        )
    if wrong:
        raise typer.Exit(1)


Target = Annotated[Path, typer.Argument(metavar="DIR", help="a new folder for the backup")]
Previous = Annotated[
    Path | None, typer.Option(help="an earlier backup on the same disk: its unchanged files are linked, not copied")
]


def backup(target: Target, previous: Previous = None) -> None:
    """Back up database, lake, files and secrets while everything runs; DIR appears once it is complete."""
    from infrastructure.backup import back_up

    written = back_up(Settings(), target, previous)
    size = sum(file.bytes for file in written.files) / 1024**2
    linked = f", {written.linked} of them linked to {previous}" if previous else ""
    typer.echo(f"{target} has {len(written.files)} files, {size:.1f} MB{linked}; it contains secrets: keep it private")


Source = Annotated[Path, typer.Argument(metavar="DIR", help="the folder of the backup")]


Verifies = Annotated[
    bool, typer.Option("--verify/--no-verify", help="compare silver and gold with a rebuild from bronze (takes long)")
]


def restore(source: Source, verifies: Verifies = True) -> None:
    """Restore a backup into an empty data folder and database, after checking each file of it; then count and verify.

    Exit code 1 if the backup is refused, or if silver and gold do not equal a rebuild from bronze.
    """
    from infrastructure import backup as backups

    settings = Settings()
    manifest = backups.restore(settings, source)
    typer.echo(
        f"restored {len(manifest.files)} files of {manifest.created_at:%Y-%m-%d %H:%M} UTC into {settings.data_dir}; "
        f"all checksums and the numbers of rows of {len(manifest.rows)} tables are right"
    )
    if verifies:
        typer.echo(_compare_restored(settings, manifest.revision))
    typer.echo(
        "`tenderlake up` migrates the database, builds search again and continues unfinished jobs; "
        "`tenderlake verify` then compares all layers with bronze"
    )


def _compare_restored(settings: Settings, revision: str) -> str:
    """Compare silver and gold with bronze, and return a line with the result; exit 1 if they differ.

    Search is not in a backup. Data of an older version, or that stages had not handled, can't be compared yet.
    """
    from infrastructure.bootstrap import bootstrap
    from infrastructure.warehouse.migrate import head
    from services.maintenance.installation import outdated_rules

    reason = None
    if revision != head(settings.warehouse_url):
        reason = f"an older version of tenderlake made the backup (revision {revision})"
    else:
        with bootstrap(settings).warehouse.read() as work:
            installation = work.installations.get()
        reason = outdated_rules(installation) if installation else None
    try:
        if reason is None:
            _compare(settings, search=False)
    except ConflictError as error:
        reason = error.detail
    return f"not compared with bronze yet: {reason}" if reason else "silver and gold equal a rebuild from bronze"
