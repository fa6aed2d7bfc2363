"""The installation that a database belongs to, and the version of the rules that made its silver."""

import sqlalchemy as sa
from alembic import op

from infrastructure.warehouse.column_types import Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("installation")
