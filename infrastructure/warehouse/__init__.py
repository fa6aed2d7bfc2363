"""The SQL warehouse: ledger, catalogue, jobs and the star, as SQLModel tables with Alembic migrations."""
