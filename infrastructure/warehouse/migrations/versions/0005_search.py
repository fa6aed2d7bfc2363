"""Synonyms, saved searches and vectors"""

import sqlalchemy as sa
from alembic import op

from infrastructure.warehouse import types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "synonym",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("root", sa.String(), nullable=True),
        sa.Column("words", types.Json(), nullable=False),
        sa.Column("updated_at", types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "embedding",
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("stage"),
    )


def downgrade() -> None:
    op.drop_table("embedding")
    op.drop_table("synonym")
