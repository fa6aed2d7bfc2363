"""State in tables of its own: pauses of the index stage, lost search collections, parts of watermarks, sets of
kinds; and the reason of a purge that failed
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from infrastructure.warehouse.column_types import Instant, Json

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None
LOST = " lost"  # ending of the names that lost collections had among the stages


def upgrade() -> None:
    op.create_table(
        "index_pause",
        sa.Column("holder", sa.String(), primary_key=True),
        sa.Column("until", Instant(), nullable=False),
    )
    lost_collection = op.create_table(
        "lost_collection",
        sa.Column("collection", sa.String(), primary_key=True),
        sa.Column("silver_batch", sa.Integer(), nullable=False),
    )
    rows = _drop_watermarks()
    names = {row["stage"]: row for row in rows if row["stage"].endswith(LOST)}
    losses = [
        {"collection": name.removesuffix(LOST), "silver_batch": row["silver_batch"]} for name, row in names.items()
    ]
    op.bulk_insert(lost_collection, losses)
    marks = [row | {"part": ""} for row in rows if row["stage"] not in {*names, "swap", "organizations"}]
    marks += [row | {"stage": "index", "part": row["stage"]} for row in rows if row["stage"] == "organizations"]
    op.bulk_insert(_create_watermarks("stage", "part"), marks)
    _texts_to_sets("batch", "kind")
    _texts_to_sets("silver_batch", "kinds")
    op.drop_column("batch", "package")
    op.add_column("audit", sa.Column("reason", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("audit", "reason")
    op.add_column("batch", sa.Column("package", Json(), nullable=True))
    _sets_to_texts("silver_batch", "kinds")
    _sets_to_texts("batch", "kind")
    lost = op.get_bind().execute(sa.text("SELECT collection, silver_batch FROM lost_collection")).all()
    rows = [row | {"stage": row["part"] or row["stage"]} for row in _drop_watermarks()]
    for row in rows:
        del row["part"]
    empty = dict.fromkeys(("target", "error", "started_at")) | dict.fromkeys(("seq", "done", "attempts"), 0)
    updated_at = max((row["updated_at"] for row in rows), default=None)
    rows += [empty | {"stage": name + LOST, "silver_batch": batch, "updated_at": updated_at} for name, batch in lost]
    op.bulk_insert(_create_watermarks("stage"), rows)
    op.drop_table("lost_collection")
    op.drop_table("index_pause")


def _watermark_columns(*key: str) -> list[sa.Column[Any]]:
    return [
        *(sa.Column(name, sa.String(), primary_key=True) for name in key),
        *(sa.Column(name, sa.Integer(), nullable=name == "target") for name in ("seq", "silver_batch", "target")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("done", "attempts")),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("started_at", Instant(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
    ]


def _create_watermarks(*key: str) -> sa.Table:
    return op.create_table("watermark", *_watermark_columns(*key))


def _drop_watermarks() -> list[dict[str, Any]]:
    """The rows of the table, which is dropped to be created with another key."""
    names = [column["name"] for column in sa.inspect(op.get_bind()).get_columns("watermark")]
    key = [name for name in ("stage", "part") if name in names]
    table = sa.Table("watermark", sa.MetaData(), *_watermark_columns(*key))
    rows = [dict(row) for row in op.get_bind().execute(sa.select(table)).mappings()]
    op.drop_table("watermark")
    return rows


def _texts_to_sets(name: str, text: str) -> None:
    """Replace a column of kinds that commas separate by the JSON column `kinds`."""
    op.execute(f"ALTER TABLE {name} RENAME COLUMN {text} TO separated")
    op.add_column(name, sa.Column("kinds", Json(), nullable=False, server_default="[]"))
    columns = sa.table(name, sa.column("separated"), sa.column("kinds", Json()))
    for separated in op.get_bind().execute(sa.select(columns.c.separated).distinct()).scalars().all():
        if separated:
            change = columns.update().where(columns.c.separated == separated).values(kinds=separated.split(","))
            op.get_bind().execute(change)
    op.drop_column(name, "separated")


def _sets_to_texts(name: str, text: str) -> None:
    op.execute(f"ALTER TABLE {name} RENAME COLUMN kinds TO listed")
    op.add_column(name, sa.Column(text, sa.String(), nullable=False, server_default=""))
    columns = sa.table(name, sa.column(text), sa.column("listed", Json()))
    for kinds in op.get_bind().execute(sa.select(columns.c.listed).distinct()).scalars().all():
        change = columns.update().where(columns.c.listed == kinds).values({text: ",".join(kinds)})
        op.get_bind().execute(change)
    op.drop_column(name, "listed")
