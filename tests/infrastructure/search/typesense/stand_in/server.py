"""The routes of the stand-in: the effect of each request on the collections, and its response."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from tests.infrastructure.search.typesense.stand_in.filters import RefusedError, condition
from tests.infrastructure.search.typesense.stand_in.search import Collection, search

Json = dict[str, Any]
Answer = tuple[int, Any]
Handler = Callable[..., Answer]
IDS = re.compile(r"^[A-Za-z0-9_.-]+$")  # others break URLs of the real server


class Typesense:
    """A server of version 29 or 30; `key` is its admin key."""

    def __init__(self, version: str = "29.0", key: str = "k") -> None:
        self.version = version
        self.key = key
        self.collections: dict[str, Collection] = {}
        self.aliases: dict[str, str] = {}
        self.sets: dict[str, Json] = {}
        self.keys: list[Json] = []
        self._clock = 1_700_000_000
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = [
            (method, re.compile("^" + re.sub(r"\{\w+\}", "([^/]+)", path) + "$"), handler)
            for method, path, handler in self._table()
        ]

    def handle(self, method: str, path: str, params: dict[str, str], body: bytes, key: str | None) -> Answer:
        """(status, body) of the response: JSON, or JSON Lines as text."""
        if path != "/health" and key != self.key:
            return 401, {"message": "Forbidden - a valid `x-typesense-api-key` header must be sent."}
        for verb, pattern, handler in self._routes:
            if verb == method and (found := pattern.match(path.rstrip("/"))):
                try:
                    return handler(*map(unquote, found.groups()), params=params, body=body)
                except RefusedError as refused:
                    return refused.status, {"message": str(refused)}
        return 404, {"message": "Not Found"}

    def _table(self) -> list[tuple[str, str, Handler]]:
        return [
            ("GET", "/health", lambda **_: (200, {"ok": True})),
            ("GET", "/debug", lambda **_: (200, {"state": 1, "version": self.version})),
            ("GET", "/collections", lambda **_: (200, [one.described() for one in self.collections.values()])),
            ("POST", "/collections", self._create),
            ("GET", "/collections/{name}", lambda name, **_: (200, self._named(name).described())),
            ("PATCH", "/collections/{name}", self._alter),
            ("DELETE", "/collections/{name}", self._drop),
            ("POST", "/collections/{name}/documents/import", self._import),
            ("GET", "/collections/{name}/documents/export", self._export),
            ("DELETE", "/collections/{name}/documents", self._delete),
            ("GET", "/collections/{name}/synonyms", self._synonyms),
            ("PUT", "/collections/{name}/synonyms/{id}", self._put_synonym),
            ("DELETE", "/collections/{name}/synonyms/{id}", self._delete_synonym),
            ("GET", "/synonym_sets/{name}", self._get_set),
            ("PUT", "/synonym_sets/{name}", self._put_set),
            ("GET", "/aliases/{name}", self._get_alias),
            ("PUT", "/aliases/{name}", self._put_alias),
            ("DELETE", "/aliases/{name}", self._delete_alias),
            ("POST", "/multi_search", self._multi_search),
            ("POST", "/keys", self._create_key),
        ]

    def _named(self, name: str) -> Collection:
        found = self.collections.get(self.aliases.get(name, name))
        if found is None:
            raise RefusedError(f"No collection with name or alias `{name}` found.", 404)
        return found

    def _create(self, *, body: bytes, **_: Any) -> Answer:
        schema = json.loads(body)
        if schema["name"] in self.collections:
            return 409, {"message": f"A collection with name `{schema['name']}` already exists."}
        self._clock += 1
        self.collections[schema["name"]] = Collection(schema, self._clock)
        return 201, self.collections[schema["name"]].described()

    def _drop(self, name: str, **_: Any) -> Answer:
        found = self._named(name)
        del self.collections[found.schema["name"]]
        return 200, found.described()

    def _alter(self, name: str, *, body: bytes, **_: Any) -> Answer:
        change = json.loads(body)
        problem = self._named(name).alter(change)
        return (400, {"message": problem}) if problem else (200, change)

    def _import(self, name: str, *, body: bytes, params: dict[str, str], **_: Any) -> Answer:
        collection = self._named(name)
        if not body.strip() or params.get("action") not in {"emplace", "update"}:
            return 400, {"message": "No documents found in the body, or an action that the stand-in does not know."}
        return 200, "\n".join(json.dumps(self._put(collection, line, params)) for line in body.decode().split("\n"))

    @staticmethod
    def _put(collection: Collection, line: str, params: dict[str, str]) -> Json:
        """Merge the sent fields into the document; null removes a field."""
        try:
            sent = json.loads(line)
        except ValueError:
            return {"success": False, "code": 400, "error": "Bad JSON.", "document": line}
        old = collection.documents.get(str(sent.get("id")))
        if old is None and params["action"] == "update":
            return {
                "success": False,
                "code": 404,
                "error": f"Could not find a document with id: {sent.get('id')}",
                "document": line,
            }
        document = {**(old or {}), **sent}
        problem = collection.put(document) if IDS.match(str(sent.get("id"))) else "Document's `id` field is malformed."
        if problem:
            return {"success": False, "code": 400, "error": problem, "document": line}
        return {"success": True} | (
            {"document": collection.documents[sent["id"]]} if params.get("return_doc") == "true" else {}
        )

    def _export(self, name: str, *, params: dict[str, str], **_: Any) -> Answer:
        fields = params.get("include_fields", "").split(",")
        lines = [
            {field: one[field] for field in fields if field in one} for one in self._named(name).documents.values()
        ]
        return 200, "\n".join(map(json.dumps, lines))

    def _delete(self, name: str, *, params: dict[str, str], **_: Any) -> Answer:
        collection = self._named(name)
        if len(params["filter_by"]) > 4_000:
            return 400, {"message": "Query string exceeds max allowed length of 4000."}
        meets = condition(params["filter_by"], collection)
        gone = [key for key, document in collection.documents.items() if meets(document)]
        for key in gone:
            del collection.documents[key]
        return 200, {"num_deleted": len(gone)}

    def _only(self, before_30: bool) -> None:
        if (int(self.version.split(".")[0]) < 30) != before_30:
            raise RefusedError("Not Found", 404)

    def _synonyms(self, name: str, **_: Any) -> Answer:
        self._only(True)
        return 200, {"synonyms": list(self._named(name).synonyms.values())}

    def _put_synonym(self, name: str, synonym: str, *, body: bytes, **_: Any) -> Answer:
        self._only(True)
        self._named(name).synonyms[synonym] = {**json.loads(body), "id": synonym}
        return 200, self._named(name).synonyms[synonym]

    def _delete_synonym(self, name: str, synonym: str, **_: Any) -> Answer:
        self._only(True)
        if self._named(name).synonyms.pop(synonym, None) is None:
            return 404, {"message": "Could not find that `id`."}
        return 200, {"id": synonym}

    def _get_set(self, name: str, **_: Any) -> Answer:
        self._only(False)
        return (200, self.sets[name]) if name in self.sets else (404, {"message": "Synonym index not found"})

    def _put_set(self, name: str, *, body: bytes, **_: Any) -> Answer:
        self._only(False)
        self.sets[name] = {"name": name, **json.loads(body)}
        return 200, self.sets[name]

    def _get_alias(self, name: str, **_: Any) -> Answer:
        return (
            (200, {"name": name, "collection_name": self.aliases[name]})
            if name in self.aliases
            else (404, {"message": "Not Found"})
        )

    def _put_alias(self, name: str, *, body: bytes, **_: Any) -> Answer:
        self.aliases[name] = json.loads(body)["collection_name"]
        return 200, {"name": name, "collection_name": self.aliases[name]}

    def _delete_alias(self, name: str, **_: Any) -> Answer:
        if name not in self.aliases:
            return 404, {"message": "Not Found"}
        return 200, {"name": name, "collection_name": self.aliases.pop(name)}

    def _multi_search(self, *, body: bytes, **_: Any) -> Answer:
        return 200, {"results": [self._search(one) for one in json.loads(body)["searches"]]}

    def _search(self, one: Json) -> Json:
        try:
            collection = self._named(one["collection"])
            chosen = str(one.get("synonym_sets", "")).split(",")
            sets = [item for name, each in self.sets.items() if name in chosen for item in each["items"]]
            return search(collection, one, [*collection.synonyms.values(), *sets])
        except RefusedError as refused:
            return {"code": refused.status, "error": str(refused)}

    def _create_key(self, *, body: bytes, **_: Any) -> Answer:
        made = {"id": len(self.keys), "value": f"key-{len(self.keys)}", "expires_at": 64723363199, **json.loads(body)}
        self.keys.append(made)
        return 201, made
