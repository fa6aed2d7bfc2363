"""Different releases to which one upload gives the same ocid and id: all are kept, the first under its id, others under one made of their content.

The same content is one release. So a file that is uploaded again, or whose landing is resumed, gives the same ids.
"""

import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b

from domain.raw_records.note_codes import NOTES
from domain.raw_records.record import AcceptedRecord, Kind, Note
from domain.raw_records.record_ids import release_record_id
from domain.shared.canonical_json import canonical_json
from domain.shared.exact_json import loads

DERIVED_SUFFIX = re.compile(r"[0-9a-f]{20}")  # what makes an id one of its own
MARK_BYTES = 8  # of the hashes that tell ids, and contents, apart within one upload
ReleaseMarks = dict[bytes, bytes]  # mark of an id → mark of the content that came first under it


def id_mark(record_id: str) -> bytes:
    """What a record id is known by in the marks of an upload."""
    return blake2b(record_id.encode(), digest_size=MARK_BYTES).digest()


def release_marks(accepted: Sequence[AcceptedRecord]) -> ReleaseMarks:
    """The marks of releases, in the order in which they came."""
    found: ReleaseMarks = {}
    for one in accepted:
        if one.kind is Kind.RELEASES:
            found.setdefault(id_mark(one.record_id), one.content_hash[:MARK_BYTES])
    return found


def find_repeated_ids(accepted: Sequence[AcceptedRecord], earlier: Mapping[bytes, bytes]) -> dict[int, AcceptedRecord]:
    """By position, the releases whose id stood before in the upload with other content, under ids of their own; `earlier` are the marks of its
    slices before."""
    first: dict[str, bytes] = {}
    found: dict[int, AcceptedRecord] = {}
    for position, one in enumerate(accepted):
        if one.kind is not Kind.RELEASES:
            continue
        mark = one.content_hash[:MARK_BYTES]
        before = earlier.get(id_mark(one.record_id), mark) if earlier else mark
        if first.setdefault(one.record_id, before) != mark:
            found[position] = with_derived_id(one)
    return found


def is_derived_id(record_id: str, said: str) -> bool:
    """Whether a record id is one of those that releases of the id `said` are given."""
    return record_id.startswith(f"{said}-") and DERIVED_SUFFIX.fullmatch(record_id, len(said) + 1) is not None


def with_derived_id(one: AcceptedRecord) -> AcceptedRecord:
    """The release under an id made of its content, with a note."""
    release = loads(one.payload)
    said = release["id"]
    release["id"] = f"{said}-{blake2b(one.payload, digest_size=10).hexdigest()}"
    payload = canonical_json(release)
    note = Note(code="repeated_release_id", path="/id", message=f"{NOTES['repeated_release_id']}: {str(said)[:200]!r}")
    return one.model_copy(
        update={
            "record_id": release_record_id(release["ocid"], release["id"]),
            "payload": payload,
            "content_hash": blake2b(payload, digest_size=16).digest(),
            "notes": (*one.notes, note),
        }
    )
