"""When rows of dimensions were written, and when organisations were marked for the index stage.

Rows that are there already are dated by this migration: who asks what changed since an earlier instant gets them once.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from infrastructure.warehouse.column_types import Instant

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None
DIMENSIONS = ("procedure", "classification", "location", "currency", "source", "status", "indicator", "date")
INDEXED = ("dim_organization", "dim_exchange_rate")  # those with many rows
TABLES = (*(f"dim_{name}" for name in DIMENSIONS), *INDEXED, "touched_organization")


def upgrade() -> None:
    migrated_at = datetime.now(UTC)
    for name in TABLES:
        op.add_column(name, sa.Column("updated_at", Instant(), nullable=True))
        op.execute(sa.update(sa.table(name, sa.column("updated_at", Instant()))).values(updated_at=migrated_at))
    for name in INDEXED:
        op.create_index(f"ix_{name}_updated_at", name, ["updated_at"])


def downgrade() -> None:
    for name in INDEXED:
        op.drop_index(f"ix_{name}_updated_at", name)
    for name in TABLES:
        op.drop_column(name, "updated_at")
