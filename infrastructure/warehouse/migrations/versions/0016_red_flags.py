"""Red flags: the fact, and the dimension of its indicators"""

import sqlalchemy as sa
from alembic import op

from infrastructure.warehouse.column_types import BigId, Instant, Json

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dim_indicator",
        sa.Column("indicator_key", BigId, primary_key=True, autoincrement=False),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("code", "name", "description", "definition", "subjects", "inputs", "refresh")
        ),
        sa.Column("thresholds", Json(), nullable=True),
        sa.Column("quartiles", Json(), nullable=True),
        sa.Column("refreshed_at", Instant(), nullable=True),
    )
    op.create_table(
        "fact_red_flag",
        sa.Column("red_flag_key", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("process_key", BigId, nullable=True),
        sa.Column("silver_batch", sa.Integer(), nullable=False),
        sa.Column("ocid", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("indicator_key", BigId, nullable=False),
        sa.Column("organization_key", BigId, nullable=True),
        sa.Column("organization_id", sa.String(), nullable=True),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("buyer_key", BigId, nullable=True),
        sa.Column("source_key", BigId, nullable=True),
        sa.Column("date_key", sa.Integer(), nullable=True),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("missing", sa.String(), nullable=True),
        sa.Column("evidence", Json(), nullable=True),
        sa.Column("compares_all", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_fact_red_flag_process_key", "fact_red_flag", ["process_key"])
    op.create_index("ix_fact_red_flag_result", "fact_red_flag", ["result", "indicator_key"])


def downgrade() -> None:
    op.drop_table("fact_red_flag")
    op.drop_table("dim_indicator")
