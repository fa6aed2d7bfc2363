"""The table of the installation: one row that identifies the installation of this database."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from infrastructure.warehouse.columns import instant


class InstallationRow(SQLModel, table=True):
    """Written at the first start; `rules_version` changes with every rebuild of silver."""

    __tablename__ = "installation"
    id: str = Field(primary_key=True)
    rules_version: int
    created_at: datetime = instant()
