"""What is bought: the vocabularies that titles, descriptions, lots and items are composed of."""

from functools import cache

from seeds.subjects.goods import GOODS
from seeds.subjects.kinds import Subject, Thing
from seeds.subjects.services import SERVICES
from seeds.subjects.upkeep import UPKEEP
from seeds.subjects.works import WORKS


@cache
def subjects() -> tuple[Subject, ...]:
    """All of them, in an order that the bytes of the seeds depend on."""
    return (*WORKS, *GOODS, *SERVICES, *UPKEEP)


__all__ = ["Subject", "Thing", "subjects"]
