"""Completions while a person types: titles or names that have the words, the unfinished last one by its beginning."""

from infrastructure.search.common.limits import HITS_PER_SUGGESTION
from infrastructure.search.common.query_parsing import parse
from infrastructure.search.common.text_analysis import words
from infrastructure.search.typesense.collection_store import PAGE, CollectionStore
from infrastructure.search.typesense.schema import FORMS, unmasked


def suggestions(store: CollectionStore, prefix: str, limit: int) -> list[str]:
    """At most `limit` distinct texts: those that begin as typed, then those with all the words, then near misses."""
    texts = [field for field in store.spec.fields if field.type == "text"]
    typed = [word for chunk in parse(prefix).chunks if not chunk.excluded for word in chunk.words]
    if not texts or not typed or limit < 1:
        return []
    title = max(texts, key=lambda field: field.weight).name
    asked = {
        "collection": store.alias,
        "q": " ".join(typed),
        "query_by": f"{title},{FORMS}",
        "prefix": "true",
        "per_page": min(PAGE, limit * HITS_PER_SUGGESTION),
        "drop_tokens_threshold": 0,
        "typo_tokens_threshold": 1,
        "include_fields": title,
    }
    found: dict[str, str] = {}
    for hit in store.client.search([asked])[0]["hits"]:
        value = hit["document"].get(title)
        for text in map(unmasked, value if isinstance(value, list) else [value] if value else []):
            found.setdefault(" ".join(words(text)), text)
    start = " ".join(typed)
    ranked = sorted(found.items(), key=lambda item: (not item[0].startswith(start), start not in item[0]))
    return [text for _, text in ranked][:limit]
