"""One transaction over the ledger, the catalogue and the star, through their repositories."""

from functools import cached_property

from sqlalchemy import Connection

from infrastructure.warehouse.repositories.batches import Batches
from infrastructure.warehouse.repositories.deliveries import Deliveries
from infrastructure.warehouse.repositories.documents import Documents
from infrastructure.warehouse.repositories.erasure import Erasure
from infrastructure.warehouse.repositories.files import Files
from infrastructure.warehouse.repositories.gold import Gold
from infrastructure.warehouse.repositories.installation import Installations
from infrastructure.warehouse.repositories.jobs import Jobs
from infrastructure.warehouse.repositories.keys import Keys
from infrastructure.warehouse.repositories.leases import Leases
from infrastructure.warehouse.repositories.quarantine import Quarantine
from infrastructure.warehouse.repositories.rates import Rates
from infrastructure.warehouse.repositories.raw import RawRecords
from infrastructure.warehouse.repositories.records import Records
from infrastructure.warehouse.repositories.saved import SavedSearches
from infrastructure.warehouse.repositories.searching import Searching
from infrastructure.warehouse.repositories.star import StarReader
from infrastructure.warehouse.repositories.trail import Outcomes, Trail
from infrastructure.warehouse.repositories.turns import Turns
from infrastructure.warehouse.repositories.users import Users
from infrastructure.warehouse.repositories.watermarks import Watermarks
from infrastructure.warehouse.repositories.webhooks import Webhooks


class UnitOfWork:
    """Repositories that share one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def commit(self) -> None:
        """Make all of it durable at once."""
        self.connection.commit()

    def quick_check(self) -> str:
        """What SQLite says of its own file; other databases look after themselves."""
        if self.connection.dialect.name != "sqlite":
            return "ok"
        return str(self.connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())

    @cached_property
    def jobs(self) -> Jobs:
        return Jobs(self.connection)

    @cached_property
    def batches(self) -> Batches:
        return Batches(self.connection)

    @cached_property
    def leases(self) -> Leases:
        return Leases(self.connection)

    @cached_property
    def records(self) -> Records:
        return Records(self.connection)

    @cached_property
    def quarantine(self) -> Quarantine:
        return Quarantine(self.connection)

    @cached_property
    def watermarks(self) -> Watermarks:
        return Watermarks(self.connection)

    @cached_property
    def gold(self) -> Gold:
        return Gold(self.connection)

    @cached_property
    def documents(self) -> Documents:
        return Documents(self.connection)

    @cached_property
    def files(self) -> Files:
        return Files(self.connection)

    @cached_property
    def users(self) -> Users:
        return Users(self.connection)

    @cached_property
    def rates(self) -> Rates:
        return Rates(self.connection)

    @cached_property
    def star(self) -> StarReader:
        return StarReader(self.connection)

    @cached_property
    def keys(self) -> Keys:
        return Keys(self.connection)

    @cached_property
    def webhooks(self) -> Webhooks:
        return Webhooks(self.connection)

    @cached_property
    def deliveries(self) -> Deliveries:
        return Deliveries(self.connection)

    @cached_property
    def raw(self) -> RawRecords:
        return RawRecords(self.connection)

    @cached_property
    def outcomes(self) -> Outcomes:
        return Outcomes(self.connection)

    @cached_property
    def trail(self) -> Trail:
        return Trail(self.connection)

    @cached_property
    def turns(self) -> Turns:
        return Turns(self.connection)

    @cached_property
    def searching(self) -> Searching:
        return Searching(self.connection)

    @cached_property
    def saved(self) -> SavedSearches:
        return SavedSearches(self.connection)

    @cached_property
    def installations(self) -> Installations:
        return Installations(self.connection)

    @cached_property
    def erasure(self) -> Erasure:
        return Erasure(self.connection)
