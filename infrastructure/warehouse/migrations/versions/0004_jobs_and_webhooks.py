"""Idempotency keys, webhooks and their deliveries"""

import sqlalchemy as sa
from alembic import op

from infrastructure.warehouse import column_types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "idempotency_key",
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("jobs", column_types.Json(), nullable=False),
        sa.Column("created_at", column_types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("actor", "key"),
    )
    op.create_index("ix_idempotency_key_created", "idempotency_key", ["created_at"])
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("events", column_types.Json(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("created_at", column_types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "delivery",
        sa.Column("id", column_types.BigId, autoincrement=True, nullable=False),
        sa.Column("webhook_id", sa.String(), nullable=True),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("payload", column_types.Json(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", column_types.Instant(timezone=True), nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("created_at", column_types.Instant(timezone=True), nullable=False),
        sa.Column("delivered_at", column_types.Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_delivery_due", "delivery", ["status", "next_at"])
    op.create_index("ix_delivery_ref", "delivery", ["ref", "id"])
    op.create_index("ix_delivery_created", "delivery", ["created_at"])
    op.create_index("ix_delivery_webhook", "delivery", ["webhook_id", "id"])
    with op.batch_alter_table("job") as job:
        job.add_column(sa.Column("webhook", column_types.Json(), nullable=True))
        job.add_column(sa.Column("retry_of", sa.String(), nullable=True))
        job.create_index("ix_job_retry_of", ["retry_of"])


def downgrade() -> None:
    with op.batch_alter_table("job") as job:
        job.drop_index("ix_job_retry_of")
        job.drop_column("retry_of")
        job.drop_column("webhook")
    for table in ("delivery", "webhook", "idempotency_key"):
        op.drop_table(table)
