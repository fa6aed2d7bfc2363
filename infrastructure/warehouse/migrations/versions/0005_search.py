"""Synonyms, saved searches and vectors"""

import sqlalchemy as sa
from alembic import op

from infrastructure.warehouse import column_types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "synonym",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("root", sa.String(), nullable=True),
        sa.Column("words", column_types.Json(), nullable=False),
        sa.Column("updated_at", column_types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "embedding",
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("stage"),
    )

    op.create_table(
        "saved_search",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("parameters", column_types.Json(), nullable=False),
        sa.Column("query", column_types.Json(), nullable=False),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("secret", sa.String(), nullable=True),
        sa.Column("token", sa.String(), nullable=True),
        sa.Column("created_at", column_types.Instant(timezone=True), nullable=False),
        sa.Column("changed_at", column_types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_saved_search_owner", "saved_search", ["owner"])
    op.create_table(
        "search_match",
        sa.Column("search_id", sa.String(), nullable=False),
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("matched_at", column_types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("search_id", "document_id"),
    )
    op.create_index("ix_search_match_newest", "search_match", ["search_id", "matched_at"])
    op.create_table(
        "search_before",
        sa.Column("collection", sa.String(), nullable=False),
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("searches", column_types.Json(), nullable=False),
        sa.Column("asked_at", column_types.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("collection", "document_id"),
    )


def downgrade() -> None:
    for table in ("search_before", "search_match", "saved_search"):
        op.drop_table(table)
    op.drop_table("embedding")
    op.drop_table("synonym")
