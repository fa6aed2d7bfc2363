"""Synonyms on the server: a list a collection in 29, one named set that searches ask for in 30."""

from collections.abc import Sequence
from typing import Any

from domain.errors import NotFoundError
from domain.search import Synonym
from infrastructure.search.typesense.client import Client
from infrastructure.search.typesense.names import decode_id, encode_id

SETS = 30  # the version from which there are sets
Json = dict[str, Any]


class Synonyms:
    """The synonyms of all our collections."""

    def __init__(self, client: Client, prefix: str) -> None:
        self._client = client
        self._name = f"{prefix}synonyms"
        self._version: int | None = None
        self._sets: bool | None = None

    @property
    def version(self) -> str:
        """The server's version."""
        return str(self._client.ask("GET", "/debug")["version"])

    def in_sets(self) -> bool:
        """Whether the server keeps synonyms in sets."""
        if self._version is None:
            self._version = int(self.version.removeprefix("v").split(".")[0])
        return self._version >= SETS

    def name(self) -> str | None:
        """The set that searches have to ask for; None where there is none, or where the server finds them itself."""
        if self._sets is None:
            self._sets = self.in_sets() and bool(self.get([]))
        return self._name if self._sets else None

    def set(self, synonyms: Sequence[Synonym], collections: Sequence[str]) -> None:
        """Have exactly these."""
        if self.in_sets():
            self._client.ask("PUT", f"/synonym_sets/{self._name}", body={"items": [{"id": encode_id(one.id), **_body(one)} for one in synonyms]})
            self._sets = bool(synonyms)
            return
        for collection in collections:
            for gone in {one.id for one in self._of(collection)} - {one.id for one in synonyms}:
                self._client.ask("DELETE", f"/collections/{collection}/synonyms/{encode_id(gone)}")
            for one in synonyms:
                self._client.ask("PUT", f"/collections/{collection}/synonyms/{encode_id(one.id)}", body=_body(one))

    def get(self, collections: Sequence[str]) -> list[Synonym]:
        """Those that there are, by their ids."""
        try:
            if self.in_sets():
                return sorted(map(_synonym, self._client.ask("GET", f"/synonym_sets/{self._name}")["items"]), key=lambda one: one.id)
            return sorted(self._of(collections[0]), key=lambda one: one.id) if collections else []
        except NotFoundError:
            return []

    def _of(self, collection: str) -> list[Synonym]:
        return [_synonym(one) for one in self._client.ask("GET", f"/collections/{collection}/synonyms")["synonyms"]]


def _body(synonym: Synonym) -> Json:
    return {"synonyms": list(synonym.words)} | ({"root": synonym.root} if synonym.root else {})


def _synonym(body: Json) -> Synonym:
    return Synonym(id=decode_id(body["id"]), words=tuple(body["synonyms"]), root=body.get("root") or None)
