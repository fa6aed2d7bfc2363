"""Keys of facts beside those of their process, and an index that finds the records of a process whatever the planner
knows
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
FACTS = {"fact_award": "award_key", "fact_contract": "contract_key", "fact_item": "item_key"}
OWN = (1 << 47) - 1


def upgrade() -> None:
    # With kind alone in the index of ids, SQLite read all records of a kind to find those of a few processes.
    op.create_index("ix_record_kind_ocid", "record", ["kind", "ocid"])
    op.drop_index("ix_record_ocid", "record")
    for fact, key in FACTS.items():
        op.execute(f"UPDATE {fact} SET {key} = (process_key & ~{OWN}) | ({key} & {OWN})")  # noqa: S608


def downgrade() -> None:
    """The keys stay: what they were is lost, and nothing points at them."""
    op.create_index("ix_record_ocid", "record", ["ocid"])
    op.drop_index("ix_record_kind_ocid", "record")
