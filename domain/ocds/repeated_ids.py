"""Different releases of one ocid and id in an upload: the first keeps its id, others get one derived from content.

Releases of equal content are one release, so uploading a file again or resuming its landing gives the same ids.
"""

import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b

from domain.raw_records.identity import release_record_id
from domain.raw_records.note_codes import note
from domain.raw_records.record import AcceptedRecord, Kind
from domain.shared.canonical_json import canonical_json
from domain.shared.exact_json import loads

DERIVED_SUFFIX = re.compile(r"[0-9a-f]{20}")  # the part of a derived id that is a content hash
MARK_BYTES = 8  # of the hashes that distinguish ids and contents within one upload
ReleaseMarks = dict[bytes, bytes]  # mark of an id → mark of the first content with that id


def id_mark(record_id: str) -> bytes:
    """Short hash of a record id, its key in ReleaseMarks."""
    return blake2b(record_id.encode(), digest_size=MARK_BYTES).digest()


def release_marks(accepted: Sequence[AcceptedRecord]) -> ReleaseMarks:
    """Marks of the releases, in order of arrival."""
    found: ReleaseMarks = {}
    for one in accepted:
        if one.kind is Kind.RELEASES:
            found.setdefault(id_mark(one.record_id), one.content_hash[:MARK_BYTES])
    return found


def find_repeated_ids(accepted: Sequence[AcceptedRecord], earlier: Mapping[bytes, bytes]) -> dict[int, AcceptedRecord]:
    """Releases, by position, whose id occurred earlier in the upload with other content; under derived ids.

    `earlier` holds the marks of the upload's previous slices.
    """
    first: dict[str, bytes] = {}
    found: dict[int, AcceptedRecord] = {}
    for position, one in enumerate(accepted):
        if one.kind is not Kind.RELEASES:
            continue
        mark = one.content_hash[:MARK_BYTES]
        expected = earlier.get(id_mark(one.record_id), mark) if earlier else mark
        if first.setdefault(one.record_id, expected) != mark:
            found[position] = with_derived_id(one)
    return found


def is_derived_id(record_id: str, published_id: str) -> bool:
    """Whether a record id was derived from this published id, for a release of repeated id."""
    prefix = f"{published_id}-"
    return record_id.startswith(prefix) and DERIVED_SUFFIX.fullmatch(record_id, len(prefix)) is not None


def with_derived_id(one: AcceptedRecord) -> AcceptedRecord:
    """The release under an id derived from its content, with a note."""
    release = loads(one.payload)
    published_id = release["id"]
    release["id"] = f"{published_id}-{blake2b(one.payload, digest_size=10).hexdigest()}"
    payload = canonical_json(release)
    return one.model_copy(
        update={
            "record_id": release_record_id(release["ocid"], release["id"]),
            "payload": payload,
            "content_hash": blake2b(payload, digest_size=16).digest(),
            "notes": (*one.notes, note("repeated_release_id", "/id", repr(str(published_id)[:200]))),
        }
    )
