"""Completions while a user types: titles or names that have the words, the last one by its beginning."""

from infrastructure.search.common.limits import HITS_PER_SUGGESTION
from infrastructure.search.common.query_parsing import parse
from infrastructure.search.common.text_analysis import words
from infrastructure.search.typesense.collection_store import PAGE, CollectionStore
from infrastructure.search.typesense.schema import FORMS, unmasked


def suggestions(store: CollectionStore, prefix: str, limit: int) -> list[str]:
    """At most `limit` distinct texts: those that begin as typed, then those with all words, then near misses."""
    texts = [field for field in store.spec.fields if field.type == "text"]
    typed = " ".join(word for part in parse(prefix).chunks if not part.excluded for word in part.words)
    if not texts or not typed or limit < 1:
        return []
    title = max(texts, key=lambda field: field.weight).name
    asked = {
        "collection": store.alias,
        "q": typed,
        "query_by": f"{title},{FORMS}",
        "per_page": min(PAGE, limit * HITS_PER_SUGGESTION),
        "drop_tokens_threshold": 0,
        "typo_tokens_threshold": 1,
        "include_fields": title,
    }
    found: dict[str, str] = {}
    for hit in store.client.search([asked])[0]["hits"]:
        value = hit["document"].get(title) or []
        for text in map(unmasked, value if isinstance(value, list) else [value]):
            found.setdefault(" ".join(words(text)), text)
    ranked = sorted(found.items(), key=lambda one: (not one[0].startswith(typed), typed not in one[0]))
    return [text for _, text in ranked][:limit]
