"""Numbers with more digits than 64 bits hold are kept exactly on every path; ids that are numbers stay numbers."""

import json
from typing import Any

import pytest

from domain.raw_records.record import Kind
from tests.api.conftest import Api
from tests.services.raw_records.support import IDS, RECORDS, RELEASE, done, path, sound
from tests.support import rows, submit

LONG = RELEASE | {"x_reference": 1, "awards": [{"id": 7, "value": {"amount": 2, "currency": "GBP"}}]}
TEXT = (
    json.dumps(LONG)
    .replace('"x_reference": 1', '"x_reference": 18446744073709551616')
    .replace('"amount": 2', '"amount": 12345678901234567.89')
)


def wrapped(text: str) -> str:
    return f"[{text}]"


@pytest.mark.parametrize("way", ["upload", "post", "post many", "put", "patch"])
def test_digits_are_kept(api: Api, way: str) -> None:
    headers = {"content-type": "application/json"}
    one = path(Kind.RELEASES, IDS[Kind.RELEASES])
    if way == "upload":
        submit(api.parts, "a.json", TEXT.encode())
        api.work()
    elif way == "put":
        done(api, api.client.put(one, content=TEXT, headers=headers))
    elif way == "patch":
        done(api, api.client.post(path(Kind.RELEASES), json=RELEASE | {"x_reference": 5}))
        patch = (
            '{"x_reference": 18446744073709551616, "awards": [{"id": 7, "value": {"amount": 12345678901234567.89, '
            '"currency": "GBP"}}]}'
        )
        done(api, api.client.patch(one, content=patch, headers=headers))
        done(api, api.client.patch(one, json={"language": "en"}))
    else:
        done(
            api,
            api.client.post(
                path(Kind.RELEASES), content=wrapped(TEXT) if way == "post many" else TEXT, headers=headers
            ),
        )
    for answer in (one, f"{one}/versions", path(Kind.RELEASES), f"/v1/gold/processes/{RELEASE['ocid']}/compiled"):
        text = api.client.get(answer).text.replace(" ", "")
        assert '"x_reference":18446744073709551616' in text, answer
        assert '"amount":12345678901234567.89' in text, answer
        assert '"id":7' in text, answer
    notes: list[dict[str, Any]] = api.client.get(one).json()["notes"]
    assert [note["code"] for note in notes] == ["rounded_number", "placeholder_amount"]
    (award,) = rows(api.parts, "fact_award")
    assert (award["award_id"], float(award["amount"])) == ("7", 12345678901234567.89)
    assert sound(api) == []


@pytest.mark.parametrize("kind", [Kind.EXCHANGE_RATES, Kind.ORGANIZATIONS, Kind.CLASSIFICATIONS, Kind.DOCUMENTS])
def test_digits_of_the_other_kinds_are_kept(api: Api, kind: Kind) -> None:
    long = (
        json.dumps(RECORDS[kind] | {"x": 1})
        .replace('"x": 1', '"x": 18446744073709551616')
        .replace("1.0837", "1.08371234567890123456")
    )
    done(api, api.client.post(path(kind), content=long, headers={"content-type": "application/json"}))
    text = api.client.get(path(kind, IDS[kind])).text.replace(" ", "")
    assert '"x":18446744073709551616' in text
    assert kind is not Kind.EXCHANGE_RATES or '"rate":1.08371234567890123456' in text
    assert sound(api) == []


def test_digits_outlive_a_merge_that_is_left_to_the_merger(api: Api) -> None:
    first = TEXT.replace('"r1"', '"r0"').replace("2024-03-01", "2024-02-01")
    odd = json.dumps(RELEASE | {"tender": {"id": "t", "title": ["odd"]}})
    odd = odd.replace('["odd"]', '"odd", "extra": {"a": 1}')
    submit(api.parts, "a.jsonl", (first.replace('"id": "t"', '"id": "t", "extra": 5') + "\n" + odd + "\n").encode())
    api.work()
    compiled = api.client.get(f"/v1/gold/processes/{RELEASE['ocid']}/compiled").text
    assert '"x_reference":18446744073709551616' in compiled
    assert '"amount":12345678901234567.89' in compiled
    assert '"extra":{"a":1}' in compiled
    assert sound(api) == []
