"""When rows of gold were written: fact_process.updated_at and fact_document.updated_at. Exports that run as jobs."""

import sqlalchemy as sa
from alembic import op

from infrastructure.warehouse.column_types import Instant, Json

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None
TABLES = ("fact_process", "fact_document")


def upgrade() -> None:
    for name in TABLES:
        op.add_column(name, sa.Column("updated_at", Instant(), nullable=True))
        op.create_index(f"ix_{name}_updated_at", name, ["updated_at"])
    op.create_table(
        "export",
        sa.Column("job_id", sa.String(), primary_key=True),
        sa.Column("order", Json(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
    )


def downgrade() -> None:
    op.drop_table("export")
    for name in TABLES:
        op.drop_index(f"ix_{name}_updated_at", name)
        op.drop_column(name, "updated_at")
