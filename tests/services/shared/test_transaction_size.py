"""Transactions of stages are small while uploads arrive."""

import json
from datetime import timedelta

import pytest

from services.ports.parts import Parts
from services.shared import transaction_size as module
from services.shared.transaction_size import transaction_size
from tests.support import submit


def test_transactions_are_small_only_for_a_moment_after_an_upload(
    lake_home: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert transaction_size(lake_home, 1_000) == 1_000
    submit(lake_home, "a.json", json.dumps({"ocid": "ocds-1"}).encode())
    assert transaction_size(lake_home, 1_000) == 250
    assert transaction_size(lake_home, 2) == 1
    monkeypatch.setattr(module, "ARRIVAL", timedelta(0))
    assert transaction_size(lake_home, 1_000) == 1_000
