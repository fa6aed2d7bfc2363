"""Leases of batches: which worker lands one, and until when it is believed to live."""

import sqlalchemy as sa
from alembic import op

from infrastructure.warehouse.column_types import Instant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batch", sa.Column("worker", sa.String(), nullable=False, server_default=""))
    op.add_column("batch", sa.Column("leased_until", Instant(), nullable=True))


def downgrade() -> None:
    op.drop_column("batch", "leased_until")
    op.drop_column("batch", "worker")
