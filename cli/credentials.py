"""`tenderlake user` and `tenderlake key`: users and API keys, managed on the server and noted in the security log."""

import getpass
import os
from datetime import datetime
from typing import Annotated

import typer

from domain.users.api_key import DEFAULT_DAYS, MAX_DAYS, ApiKey
from domain.users.user import Role
from infrastructure.settings import Settings
from services.ports.warehouse import Warehouse
from services.shared.clock import now

users = typer.Typer(no_args_is_help=True, help="Users of the API.")
keys = typer.Typer(no_args_is_help=True, help="API keys: credentials for machines.")


@users.command("add")
def user_add(
    name: str,
    role: Role = Role.READER,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)] = "",
) -> None:
    """Add a user, or replace the role and password of an existing one."""
    from infrastructure.bootstrap import password_hasher
    from services.users.accounts import add_user

    add_user(_warehouse(), password_hasher(), name, role, password, operator())
    typer.echo(f"{name} may now call the API as {role}")


@users.command("list")
def user_list() -> None:
    """List the users and their roles."""
    from services.users.accounts import list_users

    for user in list_users(_warehouse()):
        typer.echo(f"{user.name}\t{user.role}")


@users.command("remove")
def user_remove(name: str) -> None:
    """Remove a user."""
    from services.users.accounts import remove_user

    remove_user(_warehouse(), name, operator())
    typer.echo(f"{name} is removed")


@keys.command("add")
def key_add(
    name: Annotated[str, typer.Argument(help="what the key is for")],
    owner: Annotated[str, typer.Option("--user", help="the user for whom the key acts")],
    role: Annotated[Role, typer.Option(help="what the key may do; at most the role of the user")] = Role.READER,
    days: Annotated[int, typer.Option(help="lifetime in days", min=1, max=MAX_DAYS)] = DEFAULT_DAYS,
) -> None:
    """Create an API key. It is printed this once, alone on standard output."""
    from services.users.accounts import get_user
    from services.users.api_keys import create_api_key

    warehouse = _warehouse()
    key, text = create_api_key(warehouse, get_user(warehouse, owner), name, role, days, actor=operator())
    typer.echo(
        f"the key {key.id} acts for {key.owner} as {key.role} until {_date(key.expires_at)}; it is not shown again:",
        err=True,
    )
    typer.echo(text)


@keys.command("list")
def key_list() -> None:
    """The API keys, oldest first: id, name, user, role, first characters, state, last use."""
    from services.users.api_keys import list_api_keys

    for key in list_api_keys(_warehouse()):
        used = f"last used {_date(key.last_used_at)}" if key.last_used_at else "never used"
        typer.echo("\t".join((key.id, key.name, key.owner, key.role, key.hint, _state(key), used)))


@keys.command("revoke")
def key_revoke(key_id: Annotated[str, typer.Argument(metavar="ID", help="the id that `key list` shows")]) -> None:
    """Revoke an API key: it is refused at once, and stays in the list."""
    from services.users.api_keys import revoke_api_key

    revoke_api_key(_warehouse(), key_id, operator())
    typer.echo(f"{key_id} is revoked")


def operator() -> str:
    """Who runs the command, for the security log: `cli:` and the account of the operating system."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a container may run as a number without an account
        return f"cli:{os.getuid()}"


def _warehouse() -> Warehouse:
    from infrastructure.bootstrap import bootstrap

    return bootstrap(Settings()).warehouse


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return f"revoked {_date(key.revoked_at)}"
    return f"{'valid until' if key.valid_at(now()) else 'expired'} {_date(key.expires_at)}"


def _date(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
