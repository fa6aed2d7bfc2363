"""The identity of organisations: which ids mean the same one"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dim_organization", sa.Column("identity", sa.String(), nullable=True))
    op.execute("UPDATE dim_organization SET identity = organization_id")
    with op.batch_alter_table("dim_organization") as table:
        table.alter_column("identity", existing_type=sa.String(), nullable=False)
        table.create_index("ix_dim_organization_identity", ["identity"])


def downgrade() -> None:
    with op.batch_alter_table("dim_organization") as table:
        table.drop_index("ix_dim_organization_identity")
        table.drop_column("identity")
