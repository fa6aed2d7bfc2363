"""Secrets are sealed, idempotency keys hashed; what is no JSON value is SQL's NULL, on PostgreSQL too."""

import hashlib
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from infrastructure.warehouse.column_types import Json

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEY = sa.table("idempotency_key", sa.column("actor"), sa.column("key"))
JOB = sa.table("job", sa.column("id"), sa.column("webhook", Json()))
SECRETS: dict[str, tuple[str, ...]] = {
    "webhook": ("secret",),
    "delivery": ("secret",),
    "saved_search": ("secret", "token"),
}
NULLABLE = {
    "job": ("position", "webhook", "error"),
    "batch": ("package", "error"),
    "audit": ("erased",),
    "fact_document": ("facts",),
}
MANY = 1_000  # rows that are changed in one go


def upgrade() -> None:
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        for name, columns in NULLABLE.items():
            for column in columns:
                op.execute(f"UPDATE {name} SET {column} = NULL WHERE jsonb_typeof({column}) = 'null'")  # noqa: S608
    for row in bind.execute(sa.select(KEY)).all():
        hashed = hashlib.sha256(row.key.encode()).hexdigest()
        bind.execute(sa.update(KEY).where(KEY.c.actor == row.actor, KEY.c.key == row.key).values(key=hashed))
    for name, secrets in SECRETS.items():
        target = sa.table(name, *map(sa.column, ("id", *secrets)))
        for column in secrets:
            rows = bind.execute(sa.select(target.c.id, target.c[column]).where(target.c[column].is_not(None))).all()
            _set(bind, target, column, [(row[0], _sealed(row[1])) for row in rows])
    hooks = bind.execute(sa.select(JOB).where(JOB.c.webhook.is_not(None))).all()
    _set(bind, JOB, "webhook", [(row.id, row.webhook | {"secret": _sealed(row.webhook["secret"])}) for row in hooks])


def _set(bind: Any, target: Any, column: str, values: list[tuple[Any, Any]]) -> None:
    value = sa.bindparam("b_value", type_=target.c[column].type)
    statement = sa.update(target).where(target.c.id == sa.bindparam("b_id")).values({column: value})
    for start in range(0, len(values), MANY):
        bind.execute(statement, [{"b_id": key, "b_value": value} for key, value in values[start : start + MANY]])


def _sealed(secret: str) -> str:
    seals = context.config.attributes.get("seals")
    if seals is None:
        raise RuntimeError("the database holds secrets, and no key to seal them was given: run `tenderlake migrate`")
    context.config.attributes["sealed"] = True
    return str(seals.encrypt(secret))


def downgrade() -> None:
    bind = op.get_bind()
    if any(bind.execute(sa.select(sa.table(name, sa.column("id")))).first() for name in SECRETS):
        raise NotImplementedError("what was sealed stays so: an older version could not read it")
