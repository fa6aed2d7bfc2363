"""One search of the stand-in: filters, keywords or vectors, sorting, groups, facets and a page of hits."""

import math
import re
from collections import Counter
from typing import Any

from tests.infrastructure.search.typesense.stand_in.filters import RefusedError, condition, order
from tests.infrastructure.search.typesense.stand_in.words import Finder, highlight, tokens

Json = dict[str, Any]
VECTOR = re.compile(r"^(\w+):\(\[([^\]]*)\](.*)\)$")


class Collection:
    """A collection: its schema, its documents by id, its synonyms."""

    def __init__(self, schema: Json, created_at: int) -> None:
        self.schema = schema
        self.fields = {field["name"]: field for field in schema["fields"]}
        self.documents: dict[str, Json] = {}
        self.synonyms: dict[str, Json] = {}
        self.created_at = created_at
        self.separators = "".join(schema.get("token_separators", []))

    def described(self) -> Json:
        """The response of GET /collections/{name}."""
        return {
            "default_sorting_field": "",
            **self.schema,
            "num_documents": len(self.documents),
            "created_at": self.created_at,
        }

    def tokens(self, name: str, text: str) -> tuple[str, ...]:
        """The tokens of a text in a field."""
        return tokens(text, self.separators, "".join(self.fields[name].get("symbols_to_index", [])))

    def alter(self, change: Json) -> str | None:
        """Add and drop fields and replace the metadata; returns the error message if that is refused."""
        for field in change.get("fields", []):
            if field.get("drop"):
                if self.fields.pop(field["name"], None) is None:
                    return f"Field `{field['name']}` is not part of collection schema."
            elif field["name"] in self.fields:
                return (
                    f"Field `{field['name']}` is already part of the schema: To change this field, drop it first "
                    "before adding it back to the schema."
                )
            else:
                self.fields[field["name"]] = field
        self.schema = {**self.schema, "fields": list(self.fields.values())} | (
            {"metadata": change["metadata"]} if "metadata" in change else {}
        )
        return None

    def put(self, document: Json) -> str | None:
        """Index a document, replacing the one with its id; returns the error message if it is refused."""
        document = {name: value for name, value in document.items() if value is not None}
        for name, field in self.fields.items():
            value = document.get(name)
            if value is None:
                if not field.get("optional"):
                    return f"Field `{name}` has been declared in the schema, but is not found in the document."
            elif (problem := _wrong(name, field, value)) is not None:
                return problem
        self.documents[document["id"]] = document
        return None


def search(collection: Collection, p: Json, synonyms: list[Json]) -> Json:
    """The response to one search."""
    meets = condition(str(p.get("filter_by", "")), collection)
    kept = {key: document for key, document in collection.documents.items() if meets(document)}
    hits = (
        _near(collection, _framed(collection, kept, p), p)
        if "vector_query" in p
        else _worded(collection, kept, p, synonyms)
    )
    if "sort_by" in p:
        hits = order(p["sort_by"], collection.fields, hits)
    answer: Json = {
        "facet_counts": _facets(collection, hits, p),
        "out_of": len(collection.documents),
        "page": int(p.get("page", 1)),
        "search_time_ms": 0,
    }
    answer |= {
        "search_cutoff": False,
        "request_params": {
            "collection_name": collection.schema["name"],
            "q": p["q"],
            "per_page": int(p.get("per_page", 10)),
        },
    }
    size, page = int(p.get("per_page", 10)), int(p.get("page", 1))
    if size > 250:
        raise RefusedError("Only upto 250 hits can be fetched per page.", 422)
    shown = slice((page - 1) * size, page * size)
    if p.get("group_by"):
        if not 1 <= int(p.get("group_limit", 3)) <= 99:
            raise RefusedError("Value of `group_limit` must be between 1 and 99.")
        groups = _groups(hits, p)
        pages = [
            {
                "group_key": key,
                "found": len(members),
                "hits": [_shown(hit, p) for hit in members[: int(p.get("group_limit", 3))]],
            }
            for key, members in groups
        ]
        return answer | {"found": len(groups), "found_docs": len(hits), "grouped_hits": pages[shown]}
    return answer | {"found": len(hits), "hits": [_shown(hit, p) for hit in hits[shown]]}


def _worded(collection: Collection, kept: dict[str, Json], p: Json, synonyms: list[Json]) -> list[Json]:
    if p["q"] == "*":
        return [{"document": document, "text_match": 0, "words": set()} for document in kept.values()]
    names = [name.strip() for name in str(p.get("query_by", "")).split(",")]
    for name in names:
        if (
            not collection.fields.get(name, {}).get("type", "").startswith("string")
            or collection.fields[name].get("index") is False
        ):
            raise RefusedError(f"Could not find a field named `{name}` in the schema.", 404)
    weights = [int(one) for one in str(p.get("query_by_weights", "")).split(",") if one] or [1] * len(names)
    if any(not 0 <= one <= 127 for one in weights) or len(weights) != len(names):
        raise RefusedError("Query by weights must be between 0 and 127, one a field.")
    finder = Finder(p, dict(zip(names, weights, strict=True)), collection.tokens, synonyms)
    marks = [name for name in str(p.get("highlight_fields", "")).split(",") if name in collection.fields]
    found = finder.find(kept)
    return [
        {
            "document": kept[key],
            "text_match": score,
            "text_match_info": {"num_tokens_dropped": dropped, "tokens_matched": matched, "score": str(score)},
            "highlight": highlight(kept[key], marks, words, collection.separators),
        }
        for key, (score, words, matched, dropped) in found.items()
    ]


def _framed(collection: Collection, kept: dict[str, Json], p: Json) -> dict[str, Json]:
    """The candidates of a vector search: documents with the phrases of `q` and without its exclusions."""
    if p["q"] == "*":
        return kept
    found = {hit["document"]["id"]: hit["document"] for hit in _worded(collection, kept, p, [])}
    return {key: document for key, document in kept.items() if key in found}


def _near(collection: Collection, kept: dict[str, Json], p: Json) -> list[Json]:
    found = VECTOR.match(p["vector_query"])
    if not found or collection.fields.get(found[1], {}).get("type") != "float[]":
        raise RefusedError(f"Malformed vector query string: {p['vector_query'][:60]}")
    asked = [float(number) for number in found[2].split(",")]
    if len(asked) != collection.fields[found[1]]["num_dim"]:
        raise RefusedError(f"Query field `{found[1]}` must have {collection.fields[found[1]]['num_dim']} dimensions.")
    options = dict(one.strip().split(":", 1) for one in found[3].strip(", ").split(",") if one.strip())
    if unknown := options.keys() - {"k", "ef", "flat_search_cutoff", "distance_threshold", "alpha", "id"}:
        raise RefusedError(f"Malformed vector query string: {unknown}")
    there = [one for one in kept.values() if found[1] in one]
    hits: list[Json] = [
        {"document": one, "text_match": 0, "vector_distance": 1 - _cosine(asked, one[found[1]])} for one in there
    ]
    farthest = float(options.get("distance_threshold", 2))
    return sorted(
        (hit for hit in hits if hit["vector_distance"] <= farthest), key=lambda hit: float(hit["vector_distance"])
    )[: int(options.get("k") or p.get("per_page", 10))]


def _cosine(one: list[float], other: list[float]) -> float:
    scale = math.sqrt(sum(a * a for a in one)) * math.sqrt(sum(b * b for b in other))
    return sum(a * b for a, b in zip(one, other, strict=True)) / scale if scale else 0.0


def _groups(hits: list[Json], p: Json) -> list[tuple[list[Any], list[Json]]]:
    groups: dict[str, list[Json]] = {}
    name = p["group_by"]
    for hit in hits:
        value = hit["document"].get(name)
        groups.setdefault(hit["document"]["id"] if value is None else f"={value}", []).append(hit)
    return [([members[0]["document"].get(name, "")], members) for members in groups.values()]


def _facets(collection: Collection, hits: list[Json], p: Json) -> list[Json]:
    counted = []
    for name in filter(None, str(p.get("facet_by", "")).split(",")):
        if not collection.fields.get(name, {}).get("facet"):
            raise RefusedError(f"Could not find a facet field named `{name}` in the schema.", 404)
        values = Counter(one for hit in hits for one in _each(hit["document"].get(name)))
        # the order of equal counts is unspecified, and not alphabetical
        ranked = sorted(values.items(), key=lambda item: (-item[1], item[0][::-1]))[
            : int(p.get("max_facet_values", 10))
        ]
        counts = [{"value": value, "highlighted": value, "count": count} for value, count in ranked]
        counted.append({"field_name": name, "counts": counts, "sampled": False, "stats": {"total_values": len(values)}})
    return counted


def _each(value: Any) -> list[str]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _shown(hit: Json, p: Json) -> Json:
    document = hit["document"]
    if p.get("include_fields"):
        document = {name: document[name] for name in p["include_fields"].split(",") if name in document}
    document = {
        name: value for name, value in document.items() if name not in str(p.get("exclude_fields", "")).split(",")
    }
    shown = {"document": document, "highlight": hit.get("highlight", {}), "highlights": []}
    if "vector_distance" in hit:
        return shown | {"vector_distance": hit["vector_distance"]}
    return shown | {name: hit[name] for name in ("text_match", "text_match_info") if name in hit}


def _wrong(name: str, field: Json, value: Any) -> str | None:
    kinds: dict[str, Any] = {"string": str, "int64": int, "float": (int, float)}
    kind = field["type"]
    values = value if kind.endswith("[]") else [value]
    if not isinstance(values, list) or any(
        isinstance(one, bool) or not isinstance(one, kinds[kind.removesuffix("[]")]) for one in values
    ):
        return f"Field `{name}` must be a {kind}."
    if kind == "float[]" and len(values) != field["num_dim"]:
        return f"Field `{name}` must have {field['num_dim']} dimensions."
    return None
