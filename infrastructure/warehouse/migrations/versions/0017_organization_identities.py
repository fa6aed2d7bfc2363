"""The identity of organisations: which ids mean the same one"""

import sqlalchemy as sa
from alembic import op

from infrastructure.warehouse.column_types import BigId, Instant

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dim_organization", sa.Column("identity", sa.String(), nullable=True))
    op.execute("UPDATE dim_organization SET identity = organization_id")
    with op.batch_alter_table("dim_organization") as table:
        table.alter_column("identity", existing_type=sa.String(), nullable=False)
        table.create_index("ix_dim_organization_identity", ["identity"])
    _create_matching()
    # Search documents of organisations are written again once matching has run.
    op.execute("UPDATE watermark SET silver_batch = 0 WHERE stage = 'index' AND part = 'organizations'")


def _create_matching() -> None:
    op.create_table(
        "organization_profile",
        sa.Column("organization_id", sa.String(), primary_key=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("name", "core", "joined")),
        *(
            sa.Column(name, sa.String(), nullable=True)
            for name in ("form", "scheme", "number", "country", "postal_code", "locality", "address")
        ),
    )
    op.create_table(
        "organization_block",
        sa.Column("block", sa.String(), primary_key=True),
        sa.Column("organization_id", sa.String(), primary_key=True),
    )
    op.create_index("ix_organization_block_organization_id", "organization_block", ["organization_id"])
    op.create_table(
        "organization_match",
        sa.Column("match_key", BigId, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("left_id", "right_id")),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("qualified", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("status", "reason", "evidence")),
    )
    op.create_index("ix_organization_match_left_id", "organization_match", ["left_id"])
    op.create_index("ix_organization_match_right_id", "organization_match", ["right_id"])
    op.create_table(
        "organization_decision",
        *(sa.Column(name, sa.String(), primary_key=True) for name in ("left_id", "right_id")),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_organization_decision_right", "organization_decision", ["right_id"])


def downgrade() -> None:
    for name in ("organization_decision", "organization_match", "organization_block", "organization_profile"):
        op.drop_table(name)
    op.execute("DELETE FROM watermark WHERE stage = 'match'")
    with op.batch_alter_table("dim_organization") as table:
        table.drop_index("ix_dim_organization_identity")
        table.drop_column("identity")
