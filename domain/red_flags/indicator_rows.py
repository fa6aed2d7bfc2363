"""The rows of dim_indicator. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from domain.red_flags.registry import INDICATORS, definition_url
from domain.red_flags.results import Quartiles
from domain.red_flags.settings import RedFlagSettings
from domain.red_flags.star import INDICATOR_KEYS

WITH_PROCESS = "with each change of the process, in the same transaction"
OVER_ALL = "over all processes, as soon as all that was uploaded is published"


def indicator_rows(
    settings: RedFlagSettings | None,
    quartiles: Mapping[str, Sequence[Quartiles]] | None = None,
    refreshed_at: datetime | None = None,
) -> list[dict[str, Any]]:
    """A row per indicator; without `settings` nothing was computed yet, without `quartiles` nothing compared."""
    return [
        {
            "indicator_key": INDICATOR_KEYS[one.code],
            "code": one.code,
            "name": one.name,
            "description": one.description,
            "definition": definition_url(one.code),
            "subjects": ", ".join(one.subjects),
            "inputs": ", ".join(one.inputs),
            "refresh": OVER_ALL if one.over_all else WITH_PROCESS,
            "thresholds": settings.of_indicator(one.code) if settings else None,
            "quartiles": [asdict(each) for each in (quartiles or {}).get(one.code, ())] if one.over_all else None,
            "refreshed_at": refreshed_at if one.over_all else None,
        }
        for one in INDICATORS
    ]
