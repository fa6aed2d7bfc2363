"""`tenderlake`: the commands of an installation."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.enrich import enrich
from cli.load import load, seed
from cli.upkeep import doctor, rebuild, verify
from cli.watch import watch
from domain.errors import TenderlakeError
from domain.user import Role
from infrastructure.private import keep_private
from infrastructure.settings import Settings

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Public-procurement data: OCDS in, a star schema and search out."
)
users = typer.Typer(no_args_is_help=True, help="Who may call the API.")
app.add_typer(users, name="user")
app.command()(verify)
app.command()(rebuild)
app.command()(doctor)
app.command()(enrich)
app.command()(load)
app.command()(seed)
app.command()(watch)
app.command()(enrich)


@app.command()
def up() -> None:
    """Run everything in the foreground: queue, migrations, API, workers and sweep, until Ctrl-C."""
    from cli.up import up as run

    raise typer.Exit(run(Settings()))


@app.command()
def migrate() -> None:
    """Bring the warehouse to this version's tables, and make the user admin where there is none."""
    from infrastructure.warehouse.migrate import upgrade

    settings = Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    from infrastructure.bootstrap import bootstrap, seals, vault

    upgrade(settings.warehouse_url, settings.fiscal_year_start, seals(settings))
    from services.intake.users import ensure_admin
    from services.stages.embed import embed_again, settle
    from services.upkeep.installation import identify, outdated_rules
    from services.upkeep.rebuild import index_again_if_lost

    parts = bootstrap(settings)
    in_folder = settings.database_url is None
    installation = identify(parts.warehouse, vault(settings), settings.data_dir, database_in_folder=in_folder)
    if told := outdated_rules(installation):
        typer.echo(told)
    settle(parts)
    lost = index_again_if_lost(parts)
    embed_again(parts, lost)
    if lost:
        typer.echo("search is empty and gold is not: its documents are written anew")
    password = ensure_admin(parts.warehouse, vault(settings), settings.admin_password)
    if password:
        typer.echo(f"made the user admin with the password {password} (kept in {settings.data_dir / 'admin-password'})")


@users.command("add")
def user_add(name: str, role: Role = Role.READER, password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)] = "") -> None:
    """Add a user, or replace the role and password of one."""
    from infrastructure.bootstrap import bootstrap
    from services.intake.users import add_user

    add_user(bootstrap(Settings()).warehouse, name, role, password)
    typer.echo(f"{name} may now call the API as {role}")


@users.command("list")
def user_list() -> None:
    """The users and their roles."""
    from infrastructure.bootstrap import bootstrap

    with bootstrap(Settings()).warehouse.read() as work:
        for user in work.users.all():
            typer.echo(f"{user.name}\t{user.role}")


@users.command("remove")
def user_remove(name: str) -> None:
    """Remove a user."""
    from infrastructure.bootstrap import bootstrap
    from services.intake.users import remove_user

    remove_user(bootstrap(Settings()).warehouse, name)
    typer.echo(f"{name} is removed")


def main() -> None:
    """The entry point: foreseen errors are one line and exit code 1."""
    keep_private()
    try:
        app()
    except TenderlakeError as error:
        print(f"tenderlake: {error.detail}", file=sys.stderr)
        raise SystemExit(1) from None


__all__ = ["Path", "app", "main"]

if __name__ == "__main__":
    main()
