"""The registry of indicators. To add one, write its module and list it here."""

from domain.red_flags import r003, r018, r024, r025, r028, r030, r035, r036, r038, r048, r058
from domain.red_flags.indicator import Indicator

INDICATORS: tuple[Indicator, ...] = tuple(
    module.INDICATOR for module in (r003, r018, r024, r025, r028, r030, r035, r036, r038, r048, r058)
)
DEFINITIONS_URL = "https://cardinal.readthedocs.io/en/latest/cli/indicators/R"  # of the Open Contracting Partnership


def definition_url(code: str) -> str:
    """The published definition of an indicator."""
    return f"{DEFINITIONS_URL}/{code.removeprefix('R')}.html"
