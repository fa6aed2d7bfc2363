"""How far organisations were indexed: until now as far as the index stage."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "INSERT INTO watermark (stage, seq, silver_batch, done, attempts, updated_at)"
        " SELECT 'organizations', 0, silver_batch, 0, 0, updated_at FROM watermark WHERE stage = 'index'"
    )


def downgrade() -> None:
    op.execute("DELETE FROM watermark WHERE stage = 'organizations'")
