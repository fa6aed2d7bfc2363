"""Repository of the installation that the database belongs to."""

from datetime import datetime

from sqlalchemy import select, update

from domain.maintenance.installation import Installation
from infrastructure.warehouse.installation.tables import InstallationRow
from infrastructure.warehouse.repository import Repository, table

INSTALLATION = table(InstallationRow)


class InstallationRepository(Repository):
    """The table `installation`, which has at most one row."""

    def get(self) -> Installation | None:
        """The installation, or None before the first start of this version."""
        row = self.connection.execute(select(INSTALLATION)).mappings().first()
        return Installation(id=row["id"], rules_version=row["rules_version"]) if row else None

    def add(self, installation: Installation, at: datetime) -> None:
        """Write the row."""
        self.connection.execute(INSTALLATION.insert().values(**installation.model_dump(), created_at=at))

    def set_rules_version(self, version: int) -> None:
        """Record that silver was rebuilt with this rules version."""
        self.connection.execute(update(INSTALLATION).values(rules_version=version))
