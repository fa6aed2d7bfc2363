"""A delivery's lease beside `next_at`, and its host: one receiver that hangs delays no other"""

from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op

from infrastructure.warehouse import types

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
PAGE_ROWS = 5_000


def upgrade() -> None:
    op.add_column("delivery", sa.Column("host", sa.String(), nullable=False, server_default=""))
    op.add_column("delivery", sa.Column("lease_until", types.Instant(timezone=True), nullable=True))
    op.create_index("ix_delivery_lease", "delivery", ["lease_until"])
    connection, last = op.get_bind(), -1
    page = sa.text("SELECT id, url FROM delivery WHERE id > :last ORDER BY id LIMIT :rows")
    while rows := connection.execute(page, {"last": last, "rows": PAGE_ROWS}).all():
        hosts = [{"id": delivery_id, "host": _host(url)} for delivery_id, url in rows]
        connection.execute(sa.text("UPDATE delivery SET host = :host WHERE id = :id"), hosts)
        last = rows[-1][0]


def downgrade() -> None:
    op.drop_index("ix_delivery_lease", "delivery")
    op.drop_column("delivery", "lease_until")
    op.drop_column("delivery", "host")


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
