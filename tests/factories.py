"""Factories of entities: random but valid, and equal in every run."""

from datetime import UTC, datetime, timedelta
from typing import Any

from polyfactory import Use
from polyfactory.factories.pydantic_factory import ModelFactory

from domain.jobs.job import Job, JobStatus
from domain.ocds.models import Release

SEED = 20_240_101


class ReleaseFactory(ModelFactory[Release]):
    """Releases with every modelled field filled."""

    __model__ = Release
    __random_seed__ = SEED
    __randomize_collection_length__ = True
    __min_collection_length__ = 1
    __max_collection_length__ = 2
    ocid = Use(lambda: f"ocds-made01-{ReleaseFactory.__random__.randint(1, 40)}")
    date = Use(
        lambda: (
            datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=ReleaseFactory.__random__.randint(0, 5_000))
        ).isoformat()
    )

    @classmethod
    def payload(cls, **fields: Any) -> dict[str, Any]:
        """A release with typical fields only."""
        return cls.build(**fields).model_dump(exclude_none=True)


class JobFactory(ModelFactory[Job]):
    """Accepted jobs that wait for landing."""

    __model__ = Job
    __random_seed__ = SEED
    type = "upload"
    status = JobStatus.ACCEPTED
    landed = False
    stages: list[Any] = []
    error = None
    first_seq = None
    last_seq = None
    position = None
    started_at = None
    landed_at = None
    finished_at = None
    created_at = Use(lambda: datetime(2024, 1, 1, tzinfo=UTC))
