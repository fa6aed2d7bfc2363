"""Vocabularies for the titles, descriptions, lots and items of generated processes."""

from functools import cache

from seeds.subjects.goods import GOODS
from seeds.subjects.kinds import Subject, Thing
from seeds.subjects.services import SERVICES
from seeds.subjects.upkeep import UPKEEP
from seeds.subjects.works import WORKS


@cache
def subjects() -> tuple[Subject, ...]:
    """All subjects; their order determines the bytes of the seeds."""
    return (*WORKS, *GOODS, *SERVICES, *UPKEEP)


__all__ = ["Subject", "Thing", "subjects"]
