"""Documents in and out by batch: every line of an answer is read, for an import says 200 whatever became of its documents."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from domain.errors import NoSpaceError, UnavailableError
from infrastructure.search.typesense.client import DISK, Client, Params, failure
from infrastructure.search.typesense.names import decode_id, encode_id

BATCH = 500  # documents of one request at most
BYTES = 8_000_000
URL = 2_500  # characters of ids in one address
BASE, EACH = 15.0, 0.1  # seconds for a request, and for each document in it
EXPORT = 60.0  # seconds without a line
Json = dict[str, Any]


def put(client: Client, collection: str, documents: Sequence[Json]) -> None:
    """Put documents, each in place of the one with its id. InvalidError, NoSpaceError, UnavailableError where not all of them got in."""
    for batch in _batches(documents):
        answers = client.lines(f"/collections/{collection}/documents/import", b"\n".join(batch), {"action": "upsert"}, BASE + EACH * len(batch))
        if len(answers) != len(batch):
            raise UnavailableError(f"Typesense answered for {len(answers)} of {len(batch)} documents")
        for sent, answer in zip(batch, answers, strict=True):
            if not answer.get("success"):
                raise _refusal(sent, answer)


def delete(client: Client, collection: str, keys: Sequence[str]) -> None:
    """Delete documents; keys that aren't there are fine."""
    part: list[str] = []
    size = 0
    for encoded in map(encode_id, dict.fromkeys(keys)):
        if part and size + len(encoded) > URL:
            _delete(client, collection, part)
            part, size = [], 0
        part.append(encoded)
        size += len(encoded) + 1
    if part:
        _delete(client, collection, part)


def export(client: Client, collection: str, fields: str) -> Iterator[Json]:
    """Every document, with these fields, as the server holds them."""
    yield from client.stream(f"/collections/{collection}/documents/export", {"include_fields": fields}, EXPORT)


def _delete(client: Client, collection: str, encoded: Sequence[str]) -> None:
    params: Params = {"filter_by": f"id:[{','.join(encoded)}]", "batch_size": len(encoded)}
    client.ask("DELETE", f"/collections/{collection}/documents", params=params, timeout=BASE + EACH * len(encoded))


def _batches(documents: Sequence[Json]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for line in map(orjson.dumps, documents):
        if batch and (len(batch) == BATCH or size + len(line) > BYTES):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    if batch:
        yield batch


def _refusal(sent: bytes, answer: Json) -> Exception:
    said = f"{answer.get('error', 'no reason given')} (document {decode_id(orjson.loads(sent)['id'])!r})"
    if any(sign in said for sign in DISK):
        return NoSpaceError(f"The disk of the Typesense server is full: {said}")
    return failure(int(answer.get("code", 500)), said)
