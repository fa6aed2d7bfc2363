"""Data quality: notes as a fact, the assessment of each process, and totals by source. Filled by `rebuild`."""

import sqlalchemy as sa
from alembic import op

from infrastructure.warehouse.column_types import BigId

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fact_note",
        sa.Column("note_key", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("process_key", BigId, nullable=False),
        sa.Column("silver_batch", sa.Integer(), nullable=False),
        sa.Column("ocid", sa.String(), nullable=False),
        sa.Column("buyer_key", BigId, nullable=False),
        sa.Column("source_key", BigId, nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=True),
        sa.Column("message", sa.String(), nullable=True),
        sa.Column("record_id", sa.String(), nullable=True),
    )
    op.create_index("ix_fact_note_process_key", "fact_note", ["process_key"])
    op.create_index("ix_fact_note_code", "fact_note", ["code", "ocid"])
    op.create_table(
        "process_quality",
        sa.Column("process_key", BigId, primary_key=True, autoincrement=False),
        sa.Column("source", sa.String(), nullable=True),
        *(sa.Column(name, BigId, nullable=False) for name in ("present", "checked", "failed")),
        sa.Column("likeness", BigId, nullable=True),
    )
    op.create_index("ix_process_quality_likeness", "process_quality", ["likeness"])
    op.create_table(
        "quality_total",
        *(sa.Column(name, sa.String(), primary_key=True) for name in ("source", "kind", "code")),
        *(sa.Column(name, BigId, nullable=False) for name in ("applicable", "failed", "occurrences")),
    )


def downgrade() -> None:
    for name in ("quality_total", "process_quality", "fact_note"):
        op.drop_table(name)
