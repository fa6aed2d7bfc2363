"""Reading in slices, from positions, gives what reading at once gives."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.infrastructure.formats.json.test_recogniser import FORMS
from tests.infrastructure.formats.support import Home, release

BROKEN = {
    "a broken quote in a package": json.dumps({"releases": [release(n) for n in range(5)]}, indent=1).replace(
        'Road 2 \\"', 'Road 2 "', 1
    ),
    "a broken line": FORMS["JSON Lines of releases"].replace('"tender"', "tender", 3),
    "a file that ends too early": FORMS["release package"][:-200],
    "too long an element": json.dumps([release(1), release(2, title="x" * 60_000), release(3)]),
    "too long a line": "\n".join(json.dumps(one) for one in (release(1), release(2, title="x" * 60_000), release(3))),
    "too long a line that is a package": json.dumps(release(1))
    + "\n"
    + json.dumps({"releases": [release(n, title="x" * 20_000) for n in range(2, 6)]})
    + "\n",
}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(FORMS) + sorted(BROKEN)), st.lists(st.integers(1, 4), max_size=12))
def test_any_slicing_gives_the_same_elements(home: Home, form: str, limits: list[int]) -> None:
    content = (FORMS.get(form) or BROKEN[form]).encode()
    assert home.read(content, limits) == home.read(content)


@pytest.mark.parametrize("form", sorted(FORMS))
def test_a_slice_at_a_time_of_one_element_gives_the_same_elements(home: Home, form: str) -> None:
    content = FORMS[form].encode()
    assert home.read(content, [1] * 20) == home.read(content)


def test_a_slice_is_read_again_from_the_same_position_with_the_same_result(home: Home) -> None:
    sha256 = home.add(FORMS["array of packages"].encode())
    first = home.sources.read(sha256, "a.json", None, 2)
    kept = json.dumps(first.position)
    assert home.sources.read(sha256, "a.json", first.position, 2) == home.sources.read(
        sha256, "a.json", json.loads(kept), 2
    )
    assert json.dumps(first.position) == kept


def test_a_slice_of_large_elements_is_cut_by_their_bytes(home: Home) -> None:
    large = Home(home.root / "large", longest=64 * 1024**2)
    content = b"\n".join([b'{"ocid": "' + b"x" * (20 * 1024**2) + b'"}'] * 4)
    sha256 = large.add(content)
    assert len(large.sources.read(sha256, "a.json", None, 1_000).elements) == 3
