"""Which processes set up a framework agreement."""

from typing import Any

import pytest

from tests.domain.lake.flattening.test_processes import tables


@pytest.mark.parametrize(
    ("tender", "framework"),
    [
        ({"techniques": {"hasFrameworkAgreement": True}}, True),
        ({"techniques": {"hasFrameworkAgreement": False, "frameworkAgreement": {}}}, False),
        ({"techniques": {"frameworkAgreement": {"maximumParticipants": 3}}}, True),
        ({"techniques": {"frameworkAgreement": None}}, False),
        ({"techniques": {}, "procurementMethodDetails": "Framework agreement"}, True),
        ({"procurementMethodDetails": " Establishment of a framework agreement "}, True),
        ({"procurementMethodDetails": "FRAMEWORK"}, True),
        ({"procurementMethodDetails": "Call-off from a framework agreement"}, False),
        ({"procurementMethodDetails": "Other - Further Competition - Framework"}, False),
        ({"procurementMethodDetails": "Direct award under a framework"}, False),
        ({"title": "Framework for staffing", "description": "framework agreement"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_a_framework_is_one_only_where_the_publisher_says_so(tender: Any, framework: bool) -> None:
    assert [row["framework"] for row in tables(tender=tender)["process"]] == [framework]
