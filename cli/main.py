"""`tenderlake`: the commands of an installation."""

import sys
from typing import Annotated

import typer
from sqlalchemy.exc import OperationalError

from cli.credentials import keys, users
from cli.errors import warehouse_error
from cli.exchange_rates import enrich
from cli.load.commands import load, seed
from cli.maintenance.commands import backup, doctor, rebuild, restore, verify
from cli.processes.commands import api, sweep, worker
from cli.watch.command import watch
from domain.shared.errors import RetryableError, TenderlakeError
from infrastructure.settings import Settings
from infrastructure.system.file_permissions import set_private_umask

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Public-procurement data: OCDS in, a star schema and search out.",
)
app.add_typer(users, name="user")
app.add_typer(keys, name="key")
app.command()(api)
app.command()(worker)
app.command()(sweep)
app.command()(verify)
app.command()(rebuild)
app.command()(doctor)
app.command()(backup)
app.command()(restore)
app.command()(enrich)
app.command()(load)
app.command()(seed)
app.command()(watch)


@app.command()
def up(
    reload: Annotated[bool, typer.Option(help="restart API and workers when source files change")] = False,
) -> None:
    """Run everything in the foreground: queue, migrations, API, workers and sweep, until Ctrl-C."""
    from cli.up.launcher import up as run

    raise typer.Exit(run(Settings(), reload=reload))


@app.command()
def migrate() -> None:
    """Migrate the warehouse, claim data folder and queue, and create the user admin if there is none."""
    from infrastructure.warehouse.migrate import upgrade

    settings = Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    from infrastructure.bootstrap import bootstrap, password_hasher, seals, timeouts, vault

    upgrade(settings.warehouse_url, settings.fiscal_year_start, seals(settings), timeouts(settings))
    from services.maintenance.installation import claim_queue, identify, outdated_rules
    from services.maintenance.rebuild import index_again_if_lost
    from services.pipeline.embedding.embed import apply_chosen_model
    from services.search.lost_collections import restart_embedding_if_lost
    from services.users.accounts import ensure_admin

    parts = bootstrap(settings)
    in_folder = settings.database_url is None
    installation = identify(parts.warehouse, vault(settings), settings.data_dir, database_in_folder=in_folder)
    if settings.redis_url:
        claim_queue(parts.warehouse, parts.messages)
    if warning := outdated_rules(installation):
        typer.echo(warning)
    apply_chosen_model(parts.warehouse, parts.embedders)
    lost = index_again_if_lost(parts.warehouse, parts.search)
    try:
        restart_embedding_if_lost(parts.warehouse, parts.search, lost)
    except RetryableError as error:  # the API serves without search
        typer.echo(f"the search engine is unavailable, its vectors are not checked: {error.detail}")
    if lost:
        typer.echo("the search index is empty but gold is not: the index is rebuilt")
    password = ensure_admin(parts.warehouse, password_hasher(), vault(settings), settings.admin_password)
    if password:
        typer.echo(
            f"created the user admin with the password {password} (kept in {settings.data_dir / 'admin-password'})"
        )


def main() -> None:
    """The entry point: an expected error prints one line and exits with code 1."""
    set_private_umask()
    try:
        app()
    except TenderlakeError as error:
        detail = error.detail
    except OperationalError as error:
        detail = warehouse_error(error).detail
    else:
        return
    print(f"tenderlake: {detail}", file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
