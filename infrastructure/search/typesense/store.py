"""One collection on the server: an alias that always serves, and behind it a collection named after its schema."""

import time
from collections.abc import Iterator, Sequence

from domain.errors import ConflictError, NotFoundError, UnavailableError
from domain.search import CollectionSpec, Document
from infrastructure.search.embedded.codec import decode
from infrastructure.search.typesense import imports
from infrastructure.search.typesense.client import IMPATIENT, Client, Patience
from infrastructure.search.typesense.names import ID
from infrastructure.search.typesense.schema import DOCUMENT, Json, collection_schema, schema_hash, to_typesense
from infrastructure.search.typesense.tally import Tally

SLOW = 30.0  # seconds for what changes a collection as a whole


class Store:
    """Documents of one collection, written and read through its alias."""

    def __init__(self, client: Client, spec: CollectionSpec, prefix: str, tally: Tally) -> None:
        self.client = client
        self.spec = spec
        self.alias = prefix + spec.name
        self.tally = tally
        self._base = f"{self.alias}-{schema_hash(spec)}"
        self._ready = False
        collection_schema(spec, self._base)  # says at once what the spec asks for in vain

    def ready(self, patience: Patience | None = None) -> None:
        """Have a collection of our schema behind the alias; an empty one where there was none."""
        if self._ready:
            return
        there = self.serving(patience)
        if there is None or not there.startswith(f"{self._base}-") or not self.exists(there):
            first = self.create("0")
            self.point(first)
            if there is not None and there != first:
                self.drop(there)
        self._ready = True

    def forget(self) -> None:
        """Look at the next use whether the collection still is there."""
        self._ready = False

    def write(self, documents: Sequence[Document], deleted: Sequence[str], into: str | None = None) -> None:
        """Put and delete, in the collection that serves or in another; checks all documents before it sends the first."""
        latest = {one[ID]: one for one in documents}
        lines = [to_typesense(self.spec, one) for one in latest.values()]
        gone = [key for key in dict.fromkeys(deleted) if key not in latest]
        try:
            self._write(lines, gone, into)
        except NotFoundError:  # deleted beneath us: begin again
            if into is not None:
                raise
            self.forget()
            self._write(lines, gone, None)

    def _write(self, lines: Sequence[Json], gone: Sequence[str], into: str | None) -> None:
        if into is None:
            self.ready()
        target = into or self.alias
        imports.put(self.client, target, lines)
        if gone and into is None:
            self.tally.lower(self.alias, len(gone))
        imports.delete(self.client, target, gone)
        if into is None:
            self.tally.set(self.alias, self.documents(self.alias))

    def scan(self) -> Iterator[Document]:
        """Every document, as it was put. UnavailableError where the server does not have all of them (yet), or breaks off."""
        expected = self.count()
        seen = 0
        for line in imports.export(self.client, self.alias, DOCUMENT):
            seen += 1
            yield decode(line[DOCUMENT].encode())
        if seen < min(expected, self.tally.get(self.alias)):
            raise UnavailableError(f"Typesense exported {seen} of {expected} documents of {self.alias}")

    def count(self) -> int:
        """Documents there are."""
        self.ready(IMPATIENT)
        found = self.documents(self.alias, IMPATIENT)
        self.check(found)
        return found

    def check(self, found: int) -> None:
        """UnavailableError where there are fewer documents than there must be."""
        expected = self.tally.get(self.alias)
        if found < expected:
            raise UnavailableError(
                f"Typesense has {found} of {expected} documents of {self.alias}: it is still loading, or lost some; `tenderlake rebuild search` makes them anew"
            )

    def documents(self, name: str, patience: Patience | None = None) -> int:
        """What the server counts in a collection."""
        return int(self.client.ask("GET", f"/collections/{name}", patience=patience)["num_documents"])

    def exists(self, name: str) -> bool:
        """Whether a collection stands under that very name."""
        try:
            self.documents(name)
        except NotFoundError:
            return False
        return True

    def serving(self, patience: Patience | None = None) -> str | None:
        """The collection behind the alias."""
        return pointed(self.client, self.alias, patience)

    def create(self, mark: str | None = None) -> str:
        """An empty collection of our schema; its name. One that stands there already is taken as it is."""
        name = f"{self._base}-{mark if mark is not None else time.time_ns()}"
        make(self.client, collection_schema(self.spec, name))
        return name

    def point(self, name: str) -> None:
        """Have the alias lead to this collection, at one stroke."""
        count = self.documents(name)
        self.tally.set(self.alias, min(count, self.tally.get(self.alias)))
        self.client.ask("PUT", f"/aliases/{self.alias}", body={"collection_name": name})
        self.tally.set(self.alias, count)

    def drop(self, name: str) -> None:
        """Delete a collection; one that isn't there is fine."""
        remove(self.client, name)


def make(client: Client, schema: Json) -> None:
    """Create a collection, unless it is there."""
    try:
        client.ask("POST", "/collections", body=schema, timeout=SLOW)
    except ConflictError:
        return


def remove(client: Client, name: str) -> None:
    """Delete a collection; one that isn't there is fine."""
    try:
        client.ask("DELETE", f"/collections/{name}", timeout=SLOW)
    except NotFoundError:
        return


def pointed(client: Client, alias: str, patience: Patience | None = None) -> str | None:
    """The collection that an alias leads to, None where there is no such alias."""
    try:
        return str(client.ask("GET", f"/aliases/{alias}", patience=patience)["collection_name"])
    except NotFoundError:
        return None
