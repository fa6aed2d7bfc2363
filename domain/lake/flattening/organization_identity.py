"""The business key of an organisation, from one party alone, so that the order of arrival never matters."""

import re
import unicodedata
from functools import lru_cache

# An org-id.guide identifier begins with a country (or XI, XM … for international) and a register: GB-COH-01234567.
GLOBAL_ID = re.compile(r"^[A-Z]{2,3}-[A-Z0-9_]{2,}-\S+$")
UNKNOWN = "unknown"
ACCENTS = range(0x300, 0x370)  # Latin, Greek, Cyrillic; other scripts' marks are vowels that distinguish words
NO_IDENTIFIER = {"", "na", "n-a", "none", "null", "nil", "unknown", "tbc"}
NO_IDENTIFIER |= {"not-applicable", "not-available", "not-specified"}


@lru_cache(maxsize=20_000)
def normal_name(name: str) -> str:
    """The name folded for comparison: no accents, case, punctuation or doubled spaces."""
    bare = (c for c in unicodedata.normalize("NFKD", name.replace("&", " and ")).casefold() if ord(c) not in ACCENTS)
    words = "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in bare)
    return unicodedata.normalize("NFC", "-".join(words.split()))


def register_number(scheme: str, identifier: str) -> str | None:
    """`{scheme}-{id}`, whether or not the publisher wrote the scheme into the id; null for a placeholder."""
    number = identifier.strip().removeprefix(f"{scheme}-")
    return None if normal_name(number) in NO_IDENTIFIER or set(number) == {"0"} else f"{scheme}-{number}"


def organization_id(
    ocid: str, scheme: str | None, identifier: str | None, party_id: str | None, name: str | None
) -> str:
    """Return the business key of the organisation of a party; the first rule that applies:

    1. A registered identifier, no placeholder: `{scheme}-{id}` (the form of org-id.guide; many party ids have it too).
    2. A party id that has this form already.
    3. The folded name within the publisher's ocid prefix; local ids such as `org-12` mean another organisation in each
       release.
    4. The party id within its process; without any of these, `unknown`.
    """
    if scheme and identifier and (registered := register_number(scheme.strip(), identifier)):
        return registered
    if party_id and GLOBAL_ID.match(party_id):
        return party_id
    prefix = "-".join(ocid.split("-")[:2])
    if name and (folded := normal_name(name)):
        return f"{prefix}:{folded}"
    return f"{ocid}:{party_id}" if party_id else UNKNOWN
