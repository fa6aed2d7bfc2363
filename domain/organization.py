"""What identifies an organisation, decided from one party alone, so that the order of arrival never matters."""

import re
import unicodedata

# An org-id.guide identifier begins with a country (or XI, XM … for international) and a register: GB-COH-01234567.
GLOBAL_ID = re.compile(r"^[A-Z]{2,3}-[A-Z0-9_]{2,}-\S+$")
NOT_A_WORD = re.compile(r"[\W_]+")
UNKNOWN = "unknown"


def normal_name(name: str) -> str:
    """The name folded for comparison: no accents, case, punctuation or doubled spaces."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name.replace("&", " and ")) if not unicodedata.combining(c))
    return NOT_A_WORD.sub("-", bare.casefold()).strip("-")


def organization_id(ocid: str, scheme: str | None, identifier: str | None, party_id: str | None, name: str | None) -> str:
    """The business key of the organisation that a party stands for.

    1. A registered identifier: `{scheme}-{id}` (org-id.guide's form, which many publishers also use as the party's id).
    2. A party id that is in that form already.
    3. The name, folded, within the publisher's ocid prefix: local ids such as `org-12` mean another body in every release.
    4. The party id within its process; with nothing at all, `unknown`.
    """
    if scheme and identifier:
        return f"{scheme}-{identifier}"
    if party_id and GLOBAL_ID.match(party_id):
        return party_id
    prefix = "-".join(ocid.split("-")[:2])
    if name and (folded := normal_name(name)):
        return f"{prefix}:{folded}"
    return f"{ocid}:{party_id}" if party_id else UNKNOWN
