import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.lake.flattening.organization_identity import UNKNOWN, normal_name, organization_id

OCID = "ocds-213czf-000-1"


@pytest.mark.parametrize(
    ("scheme", "identifier", "party_id", "name", "expected"),
    [
        ("GB-COH", "01234567", "org-1", "Acme", "GB-COH-01234567"),
        ("GB-COH", " GB-COH-01234567 ", None, None, "GB-COH-01234567"),
        ("GB-COH", "N/A", "GB-COH-7", "Acme", "GB-COH-7"),
        ("GB-COH", "00000000", "org-1", "Acme", "ocds-213czf:acme"),
        ("GB-COH", None, "org-1", "Acme & Sons, Ltd.", "ocds-213czf:acme-and-sons-ltd"),
        (None, "01234567", "org-1", "ACME", "ocds-213czf:acme"),
        (None, None, "XI-PPS-12 3", "Acme", "ocds-213czf:acme"),
        (None, None, "org-1", None, "ocds-213czf-000-1:org-1"),
        (None, None, "org-1", "***", "ocds-213czf-000-1:org-1"),
        (None, None, None, "***", UNKNOWN),
        (None, None, None, None, UNKNOWN),
    ],
)
def test_an_organisation_is_identified_by_register_then_name_then_place(
    scheme: str | None, identifier: str | None, party_id: str | None, name: str | None, expected: str
) -> None:
    assert organization_id(OCID, scheme, identifier, party_id, name) == expected


@pytest.mark.parametrize(
    "names",
    [
        ["Ministère de l'Économie", "MINISTERE DE L’ECONOMIE", "ministère  de l_économie"],
        ["Straßenbau GmbH", "STRASSENBAU GMBH"],
        ["Ｆｕｌｌ Ｗｉｄｔｈ", "full width"],
        ["İstanbul", "istanbul"],
        ["Cafe\u0301 Noir", "Caf\u00e9 Noir"],
    ],
)
def test_spellings_of_one_name_fold_into_one(names: list[str]) -> None:
    assert len({normal_name(name) for name in names}) == 1


def test_vowel_signs_of_other_scripts_tell_names_apart() -> None:
    assert normal_name("वित्त की") != normal_name("वित्त का")


@given(st.text(max_size=30))
def test_a_folded_name_stays_as_it_is_when_folded_again(name: str) -> None:
    assert normal_name(normal_name(name)) == normal_name(name)
