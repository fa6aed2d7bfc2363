"""Keys, ids and slices of the indexers, without gold."""

from domain.search.queries import Collection
from services.search.indexers import INDEXERS, DocumentKey, slices


def test_there_is_an_indexer_for_each_collection() -> None:
    assert set(INDEXERS) == set(Collection)


def test_a_file_has_the_ids_of_all_passages_that_search_may_hold() -> None:
    indexer = INDEXERS[Collection.DOCUMENTS]
    assert indexer.ids_of([DocumentKey("a-b", 2), DocumentKey("c", 0)]) == ["a-b-0", "a-b-1"]
    assert indexer.keys_of(["a-b-1", "c-0", "a-b-0"]) == [DocumentKey("a-b", 2), DocumentKey("c", 1)]


def test_slices_hold_at_most_so_many_documents_and_at_least_one_key() -> None:
    keys = [DocumentKey("a", 2), DocumentKey("b", 2), DocumentKey("c", 9), DocumentKey("d")]
    assert [[one.key for one in part] for part in slices(keys, 4)] == [["a", "b"], ["c"], ["d"]]
    assert not list(slices([], 4))
