"""The record id of a release."""

from domain.shared.url_safe import url_safe


def release_record_id(ocid: str, release_id: str) -> str:
    """`{ocid}:{release id}`, both URL-safe: every byte except letters, digits, '.', '_' and '-' is written as `=XX`.

    Unique per pair.
    """
    return f"{url_safe(ocid)}:{url_safe(release_id)}"
