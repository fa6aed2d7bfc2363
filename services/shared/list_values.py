"""Values of a parameter that clients write as a list."""

import re
from collections.abc import Sequence

from domain.shared.whitespace import tidy_text

SEPARATOR = re.compile(r",(?! )")  # a comma followed by a space is part of a value


def split_values(given: Sequence[str]) -> list[str]:
    """Values of a parameter that is repeated or comma-separated; distinct, without blanks."""
    parts = [tidy_text(part) for text in given for part in SEPARATOR.split(text)]
    return list(dict.fromkeys(part for part in parts if part))
