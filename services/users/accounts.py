"""Adding, removing and listing users, and the first admin."""

import secrets
from collections.abc import Sequence

from pydantic import SecretStr

from domain.shared.errors import ConflictError, InvalidError, NotFoundError
from domain.users.security_event import SecurityAction
from domain.users.user import PASSWORD_MAX_BYTES, Role, User, is_utf8, password_bytes, valid_name
from services.ports.secrets import PasswordHasher, SecretFiles
from services.ports.warehouse import ReadUnitOfWork, Warehouse
from services.saved_searches.management import delete_saved_search
from services.shared.clock import now

ADMIN = "admin"
ADMIN_FILE = "admin-password"
START_ACTOR = "cli:start"  # of the admin that the start of the installation adds


def add_user(warehouse: Warehouse, passwords: PasswordHasher, name: str, role: Role, password: str, actor: str) -> User:
    """Add a user, or replace role and password of the one with that name; `actor` is for the security log.

    InvalidError for an unusable name or password; ConflictError if no admin would be left.
    """
    if not valid_name(name):
        raise InvalidError("a user name is 1 to 64 letters, digits, '.', '_', '@' or '-'", name=name)
    if not 1 <= len(password_bytes(password)) <= PASSWORD_MAX_BYTES:
        raise InvalidError(f"a password is 1 to {PASSWORD_MAX_BYTES} bytes long")
    if not is_utf8(password):
        raise InvalidError("the password is not UTF-8: no request could send it")
    user = User(name=name, role=role, password_hash=passwords.hash(password_bytes(password)), created_at=now())
    with warehouse.write() as work:
        known = work.users.get(name)
        if role is not Role.ADMIN and _is_last_admin(work, name):
            raise ConflictError(
                f"{name} is the last admin, and would be a {role}; use --role admin, or add another admin first"
            )
        work.users.put(user.model_copy(update={"created_at": known.created_at}) if known else user)
        action = SecurityAction.USER_CHANGED if known else SecurityAction.USER_ADDED
        work.security_events.add(action, actor, "", name, now())
        work.commit()
    return user


def remove_user(warehouse: Warehouse, name: str, actor: str) -> None:
    """Remove a user and their saved searches, and revoke their API keys; `actor` is for the security log.

    NotFoundError for an unknown user, ConflictError for the last admin.
    """
    with warehouse.write() as work:
        if work.users.get(name) is None:
            raise NotFoundError(f"there is no user {name}")
        if _is_last_admin(work, name):
            raise ConflictError(f"{name} is the last admin; add another one first")
        for search in work.saved_searches.of_owner(name):
            delete_saved_search(work, search.id)
        work.api_keys.revoke_of_owner(name, now())
        work.users.remove(name)
        work.security_events.add(SecurityAction.USER_REMOVED, actor, "", name, now())
        work.commit()


def _is_last_admin(work: ReadUnitOfWork, name: str) -> bool:
    return [user.name for user in work.users.all() if user.role is Role.ADMIN] == [name]


def get_user(warehouse: Warehouse, name: str) -> User:
    """The user of that name. NotFoundError for an unknown one."""
    with warehouse.read() as work:
        user = work.users.get(name) if valid_name(name) else None
    if user is None:
        raise NotFoundError(f"there is no user {name}")
    return user


def list_users(warehouse: Warehouse) -> Sequence[User]:
    """All users by name."""
    with warehouse.read() as work:
        return work.users.all()


def ensure_admin(
    warehouse: Warehouse, passwords: PasswordHasher, files: SecretFiles, password: SecretStr | None
) -> str | None:
    """Ensure that there is an admin; returns the password generated for `admin`, to be shown once, or None.

    A password in the settings is set at every start; without one, `admin` is created at the first start only.
    """
    users = {user.name: user for user in list_users(warehouse)}
    admin = users.get(ADMIN)
    if password is not None:
        if (
            admin is None
            or admin.role is not Role.ADMIN
            or not passwords.verify(password_bytes(password.get_secret_value()), admin.password_hash)
        ):
            add_user(warehouse, passwords, ADMIN, Role.ADMIN, password.get_secret_value(), START_ACTOR)
            files.remove(ADMIN_FILE)
        return None
    if any(user.role is Role.ADMIN for user in users.values()):
        return None
    generated = secrets.token_urlsafe(18)
    # Stored before the user is added: a crash between the two must not lose it.
    files.write(ADMIN_FILE, generated.encode() + b"\n")
    add_user(warehouse, passwords, ADMIN, Role.ADMIN, generated, START_ACTOR)
    return generated
