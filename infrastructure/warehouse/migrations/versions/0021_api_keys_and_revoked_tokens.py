"""API keys, tokens that were revoked before their expiry, and security events."""

import sqlalchemy as sa
from alembic import op

from infrastructure.warehouse.column_types import BigId, Instant

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("key_hash", sa.String(), nullable=False, unique=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
    )
    op.create_index("ix_api_key_owner", "api_key", ["owner"])
    op.create_table(
        "revoked_token",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("expires_at", Instant(), nullable=False),
    )
    op.create_table(
        "security_event",
        sa.Column("id", BigId, primary_key=True, autoincrement=True),
        sa.Column("hour", Instant(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("first_at", Instant(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.UniqueConstraint("hour", "action", "actor", "address", "subject", name="uq_security_event"),
    )


def downgrade() -> None:
    op.drop_table("security_event")
    op.drop_table("revoked_token")
    op.drop_index("ix_api_key_owner", "api_key")
    op.drop_table("api_key")
