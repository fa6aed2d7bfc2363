"""Decides which accepted records are new versions. Pure."""

from collections.abc import Container, Mapping, Sequence
from typing import NamedTuple

from domain.raw_records.record import AcceptedRecord

RecordKey = tuple[str, str]  # (kind, record id)


class CurrentVersion(NamedTuple):
    """The current version of a record in the record catalogue."""

    record_id: str
    ocid: str | None
    batch_id: int
    first_batch_id: int
    version: int
    content_hash: bytes
    deleted: bool


class NewVersion(NamedTuple):
    """A new version of a record (the first one is 1); `before` is the version that it replaces."""

    kind: str
    record_id: str
    ocid: str | None
    version: int
    content_hash: bytes
    deleted: bool
    before: CurrentVersion | None


def find_new_versions(
    accepted: Sequence[AcceptedRecord],
    current: Mapping[RecordKey, CurrentVersion],
    kept_keys: Container[RecordKey] = (),
) -> list[tuple[int, NewVersion]]:
    """(position in `accepted`, new version) of the records whose content differs from the current version.

    A slice with several contents of one record makes a version of each; the last one is current. Tombstones of missing
    or deleted records are skipped, as are records in `kept_keys`.
    """
    latest: dict[RecordKey, tuple[int, bytes, bool]] = {
        key: (row.version, row.content_hash, row.deleted) for key, row in current.items()
    }
    found: list[tuple[int, NewVersion]] = []
    for index, record in enumerate(accepted):
        key = (record.kind, record.record_id)
        if key in kept_keys:
            continue
        version, content_hash, deleted = latest.get(key, (0, b"", True))
        if deleted if record.deleted else not deleted and content_hash == record.content_hash:
            continue
        latest[key] = (version + 1, record.content_hash, record.deleted)
        found.append(
            (
                index,
                NewVersion(
                    record.kind,
                    record.record_id,
                    record.ocid,
                    version + 1,
                    record.content_hash,
                    record.deleted,
                    current.get(key),
                ),
            )
        )
    return found
