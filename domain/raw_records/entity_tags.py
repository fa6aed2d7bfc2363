"""Entity tags of raw records (RFC 9110): a version and the hash of its content. Pure."""

import re

TAGS = re.compile(r'\s*(W/)?"([^"]*)"\s*(?:,|$)')


def etag(version: int, content_hash: bytes) -> str:
    """The strong tag of a version."""
    return f'"{version}-{content_hash.hex()}"'


def matches(header: str, tag: str | None, *, weak: bool) -> bool:
    """Whether a list of tags, or `*`, names `tag` (None: no current version exists).

    `weak`: weak tags match, too. ValueError for a malformed list.
    """
    if header.strip() == "*":
        return tag is not None
    found, at = [], 0
    while at < len(header):
        match = TAGS.match(header, at)
        if match is None:
            raise ValueError('entity tags look like "3-0f…", several are separated by commas')
        found.append(match)
        at = match.end()
    return any(f'"{match[2]}"' == tag and (weak or not match[1]) for match in found)
