"""A delivery's lease beside `next_at`, and what tells its receiver apart: one that hangs delays no other"""

from hashlib import blake2b
from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op

from infrastructure.warehouse import column_types

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
PAGE_ROWS = 5_000


def upgrade() -> None:
    op.add_column("delivery", sa.Column("url_hash", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("delivery", sa.Column("host", sa.String(), nullable=False, server_default=""))
    op.add_column("delivery", sa.Column("lease_until", column_types.Instant(timezone=True), nullable=True))
    op.drop_index("ix_delivery_due", "delivery")
    op.create_index(
        "ix_delivery_due", "delivery", ["status", "next_at", "lease_until", "attempts", "url_hash", "host", "id"]
    )
    op.create_index("ix_delivery_lease", "delivery", ["lease_until"])
    connection, last = op.get_bind(), -1
    page = sa.text("SELECT id, url FROM delivery WHERE id > :last ORDER BY id LIMIT :rows")
    while rows := connection.execute(page, {"last": last, "rows": PAGE_ROWS}).all():
        receivers = [{"id": delivery_id, "hash": _hash(url), "host": _host(url)} for delivery_id, url in rows]
        connection.execute(sa.text("UPDATE delivery SET url_hash = :hash, host = :host WHERE id = :id"), receivers)
        last = rows[-1][0]


def downgrade() -> None:
    op.drop_index("ix_delivery_lease", "delivery")
    op.drop_index("ix_delivery_due", "delivery")
    op.create_index("ix_delivery_due", "delivery", ["status", "next_at"])
    op.drop_column("delivery", "lease_until")
    op.drop_column("delivery", "host")
    op.drop_column("delivery", "url_hash")


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"[-260:]


def _hash(url: str) -> int:
    return int.from_bytes(blake2b(url.encode(), digest_size=8).digest(), signed=True)
