"""An installation: one warehouse database, one lake and one folder of files that belong together."""

from typing import Final

from pydantic import BaseModel

RULES_VERSION: Final = 3
"""Rules version: raise it with every change after which `rebuild silver` gives other rows.

1: until November 2026. 2: references complete parties, embedded organisations have an identity, whole lists of OCDS
1.0, ambiguous dates are null, only active awards count in totals. 3: bids, transactions and amendments are tables;
placeholders, unknown currencies and ceilings of frameworks are not summed.
"""


class Installation(BaseModel):
    """`id` is in the database and in the data folder; `rules_version` is that of the rules that made silver."""

    id: str
    rules_version: int

    @property
    def outdated(self) -> bool:
        """Whether older rules made silver, so that `rebuild silver` would change it."""
        return self.rules_version < RULES_VERSION
