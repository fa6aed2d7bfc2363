"""Status of a job's stages, derived from its place in the log and the watermarks."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.jobs.job import STAGES, Job, JobStatus, Stage, StageName
from domain.pipeline.watermark import Watermark
from services.ports.warehouse import ReadUnitOfWork

JobFingerprint = tuple[object, ...]


def active_stages(work: ReadUnitOfWork) -> tuple[StageName, ...]:
    """Return the stages of this installation: without embed if embeddings are off."""
    return tuple(stage for stage in STAGES if stage != "embed" or work.search_settings.model())


def stage_watermarks(work: ReadUnitOfWork) -> dict[StageName, Watermark]:
    """Return the watermarks of the stages that read the log."""
    return {stage: work.watermarks.get(stage) for stage in active_stages(work)[1:]}


def job_fingerprint(job: Job, watermarks: Mapping[StageName, Watermark]) -> JobFingerprint:
    """Return a cheap fingerprint that changes whenever the job's response may change."""

    def passed(watermark: Watermark) -> tuple[bool, bool, bool]:
        return watermark.seq >= (job.last_seq or 0), watermark.seq >= (job.first_seq or 0), watermark.attempts > 0

    progress = [passed(watermark) for watermark in watermarks.values()] if job.last_seq else []
    fields = (job.status, job.landed, job.started_at, job.first_seq, job.last_seq)
    return (*fields, *job.counts.model_dump().values(), *progress)


def with_stages(work: ReadUnitOfWork, job: Job, watermarks: Mapping[StageName, Watermark]) -> Job:
    """Return the job with its stages. An export has none: it changes no records."""
    if job.type == "export":
        return job.model_copy(update={"stages": []})
    stages = [_land(job), *(_log_stage(work, job, watermark, stage) for stage, watermark in watermarks.items())]
    if job.status is JobStatus.FAILED:
        stages = _stopped(stages, job.error.stage if job.error else "land")
    return job.model_copy(update={"stages": stages})


def _land(job: Job) -> Stage:
    status: Any = "done" if job.landed else "running" if job.started_at else "pending"
    if job.status is JobStatus.CANCELLED and not job.landed:
        return Stage(name="land", status="failed" if job.started_at else "pending", started_at=job.started_at)
    return Stage(name="land", status=status, started_at=job.started_at, finished_at=job.landed_at)


def _log_stage(work: ReadUnitOfWork, job: Job, watermark: Watermark, name: StageName) -> Stage:
    """Return a stage that reads the log: done after the job's last batch, started after its first."""
    if job.first_seq is None or job.last_seq is None:
        # The job has no new records: nothing is left for the stage, which never ran for this job.
        return Stage(name=name, status="done" if job.status is JobStatus.SUCCEEDED else "pending")
    first = work.watermarks.first_run_past(name, job.first_seq)
    under_way = watermark.attempts > 0 and watermark.seq < job.last_seq
    started = first[0] if first else watermark.started_at if under_way else None
    if (job.landed or job.status.final) and watermark.seq >= job.last_seq:
        last = work.watermarks.first_run_past(name, job.last_seq)
        return Stage(name=name, status="done", started_at=started, finished_at=last[1] if last else None)
    return Stage(name=name, status="running" if first or under_way else "pending", started_at=started)


def _stopped(stages: Sequence[Stage], name: str) -> list[Stage]:
    """Return the stages of a job that failed at a stage: that one is failed, later ones stay pending."""
    at = next((place for place, stage in enumerate(stages) if stage.name == name), len(stages))
    failed = [stage.model_copy(update={"status": "failed"}) for stage in stages[at : at + 1]]
    return [*stages[:at], *failed, *(Stage(name=stage.name) for stage in stages[at + 1 :])]
