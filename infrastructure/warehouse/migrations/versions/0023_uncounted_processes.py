"""Processes whose facts are not yet in the marts."""

import sqlalchemy as sa
from alembic import op

from infrastructure.warehouse.column_types import BigId

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("mart_uncounted", sa.Column("process_key", BigId, primary_key=True, autoincrement=False))


def downgrade() -> None:
    op.drop_table("mart_uncounted")
