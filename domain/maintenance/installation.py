"""An installation: one warehouse database, one lake and one folder of files that belong together."""

from typing import Final

from pydantic import BaseModel

RULES_VERSION: Final = 2
"""Version of the rules that turn bronze into silver. Raise it with every change after which `rebuild silver` differs.

1: until November 2026. 2: references complete parties, embedded organisations have an identity, whole lists of OCDS 1.0,
ambiguous dates are null, only active awards count in totals.
"""


class Installation(BaseModel):
    """`id` stands in the database and in the data folder; `rules_version` is that of the rules which made silver."""

    id: str
    rules_version: int

    @property
    def outdated(self) -> bool:
        """Whether silver was made by older rules, so that `rebuild silver` would differ from it."""
        return self.rules_version < RULES_VERSION
