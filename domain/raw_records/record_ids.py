"""The record id of a release."""

from domain.shared.url_safe import url_safe


def release_record_id(ocid: str, release_id: str) -> str:
    """`{ocid}:{release id}`, both with every byte but letters, digits, '.', '_' and '-' written as `=XX`: one text a pair, safe in a URL."""
    return f"{url_safe(ocid)}:{url_safe(release_id)}"
