"""What organisations did, by role: counted from the rows that stand"""

from collections import defaultdict
from math import floor

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None
UNKNOWN = "unknown"
MOST = 1e12


def upgrade() -> None:
    total = op.create_table(
        "organization_total",
        sa.Column("organization_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("processes", sa.Integer(), nullable=False),
        sa.Column("awards", sa.Integer(), nullable=False),
        sa.Column("priced", sa.Integer(), nullable=False),
        sa.Column("cents", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "role"),
    )
    found: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    here = op.get_bind()
    counted = (
        "SELECT organization_id, {role}, count(DISTINCT process_key) FROM bridge_process_organization GROUP BY 1, 2"
    )
    for role in ("role", "''"):
        for name, named, processes in here.execute(sa.text(counted.format(role=role))):
            found[name, named][0] = processes
    for role in ("supplier", "buyer"):
        awards = (
            "SELECT d.organization_id, a.amount_base FROM fact_award a JOIN dim_organization d ON "  # noqa: S608
            f"d.organization_key = a.{role}_key"
        )
        for name, amount in here.execute(sa.text(awards)):
            row = found[name, role]
            row[1] += 1
            if amount is not None and abs(float(amount)) < MOST:
                row[2] += 1
                row[3] += floor(float(amount) * 100 + 0.5)
    rows = [
        {
            "organization_id": name,
            "role": role,
            "processes": row[0],
            "awards": row[1],
            "priced": row[2],
            "cents": row[3],
        }
        for (name, role), row in found.items()
        if name != UNKNOWN
    ]
    if rows:
        op.bulk_insert(total, rows)


def downgrade() -> None:
    op.drop_table("organization_total")
