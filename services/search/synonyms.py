"""Synonyms: stored in the warehouse and passed to the engine, which applies them from the next query on.

If the engine is unavailable, the change stays in the warehouse and the error is raised; the next change or start
applies it.
"""

import re
from collections.abc import Sequence

from domain.search.queries import Synonym
from domain.shared.errors import InvalidError, NotFoundError
from services.ports.search import SynonymStore
from services.ports.warehouse import Warehouse
from services.shared.clock import now

MAX_SYNONYMS = 5_000
ID = re.compile(r"[A-Za-z0-9_.-]{1,100}")


def list_synonyms(warehouse: Warehouse) -> list[Synonym]:
    """All synonyms, ordered by id."""
    with warehouse.read() as work:
        return work.search_settings.synonyms()


def get_synonym(warehouse: Warehouse, synonym_id: str) -> Synonym:
    """One synonym. NotFoundError if the id is unknown."""
    found = next((one for one in list_synonyms(warehouse) if one.id == synonym_id), None)
    if found is None:
        raise NotFoundError(f"there is no synonym {synonym_id}")
    return found


def put_synonyms(warehouse: Warehouse, store: SynonymStore, synonyms: Sequence[Synonym]) -> list[Synonym]:
    """Add or replace synonyms by id, all or none. InvalidError names the invalid one and the reason."""
    made = [_checked(one) for one in synonyms]
    with warehouse.write() as work:
        work.search_settings.put_synonyms(made, now())
        if len(work.search_settings.synonyms()) > MAX_SYNONYMS:
            raise InvalidError(f"at most {MAX_SYNONYMS} synonyms are allowed")
        work.commit()
    apply_synonyms(warehouse, store)
    return made


def delete_synonym(warehouse: Warehouse, store: SynonymStore, synonym_id: str) -> None:
    """Remove a synonym. NotFoundError if the id is unknown."""
    with warehouse.write() as work:
        if not work.search_settings.delete_synonym(synonym_id):
            raise NotFoundError(f"there is no synonym {synonym_id}")
        work.commit()
    apply_synonyms(warehouse, store)


def apply_synonyms(warehouse: Warehouse, store: SynonymStore) -> None:
    """Pass the warehouse's synonyms to the engine, if its own differ."""
    wanted = list_synonyms(warehouse)
    if sorted(store.synonyms(), key=lambda one: one.id) != wanted:
        store.set_synonyms(wanted)


def _checked(one: Synonym) -> Synonym:
    words = tuple(dict.fromkeys(" ".join(word.split()) for word in one.words))
    root = " ".join(one.root.split()) if one.root is not None else None
    least = 2 if root is None else 1
    if not ID.fullmatch(one.id):
        raise InvalidError("a synonym's id must have 1 to 100 letters, digits, '_', '.' or '-'", id=one.id[:200])
    if len(words) < least or not all(re.search(r"\w", word) for word in (*words, *([] if root is None else [root]))):
        raise InvalidError(
            f"the synonym {one.id} needs at least {least} different words or phrases, each with a letter or digit",
            id=one.id,
        )
    return Synonym(id=one.id, root=root, words=words)
