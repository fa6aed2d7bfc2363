"""Which accepted records are new versions, and of what. Pure."""

from collections.abc import Container, Mapping, Sequence
from typing import NamedTuple

from domain.raw_records.record import AcceptedRecord

RecordKey = tuple[str, str]  # (kind, record id)


class CurrentVersion(NamedTuple):
    """The current version of a record, as the catalogue has it."""

    record_id: str
    ocid: str | None
    batch_id: int
    first_batch_id: int
    version: int
    content_hash: bytes
    deleted: bool


class NewVersion(NamedTuple):
    """A new version of a record (1 is its first); `before` is the version that it replaces."""

    kind: str
    record_id: str
    ocid: str | None
    version: int
    content_hash: bytes
    deleted: bool
    before: CurrentVersion | None


def find_new_versions(
    accepted: Sequence[AcceptedRecord], current: Mapping[RecordKey, CurrentVersion], kept_keys: Container[RecordKey] = ()
) -> list[tuple[int, NewVersion]]:
    """(position in `accepted`, change) of those whose content differs from the current version; in a slice that
    holds a record more than once, each different content is a version of its own and the last one stays current.
    The end of a record that is not there, or has ended already, changes nothing, nor does anything said of the `left` ones."""
    latest: dict[RecordKey, tuple[int, bytes, bool]] = {key: (row.version, row.content_hash, row.deleted) for key, row in current.items()}
    found: list[tuple[int, NewVersion]] = []
    for index, one in enumerate(accepted):
        key = (one.kind, one.record_id)
        if key in kept_keys:
            continue
        version, content_hash, deleted = latest.get(key, (0, b"", True))
        if deleted if one.deleted else not deleted and content_hash == one.content_hash:
            continue
        latest[key] = (version + 1, one.content_hash, one.deleted)
        found.append((index, NewVersion(one.kind, one.record_id, one.ocid, version + 1, one.content_hash, one.deleted, current.get(key))))
    return found
