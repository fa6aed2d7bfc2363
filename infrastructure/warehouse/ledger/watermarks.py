"""The watermarks of stages, changed by compare-and-swap, so that a second runner of a stage fails."""

from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update

from domain.pipeline.watermark import Watermark
from domain.shared.errors import LostRaceError
from infrastructure.warehouse.ledger.tables import StageRunRow, WatermarkRow
from infrastructure.warehouse.repository import Repository, chunks, table

WATERMARK, RUN = table(WatermarkRow), table(StageRunRow)


class WatermarkRepository(Repository):
    """The tables `watermark`, with one row per stage or part of a stage, and `stage_run`."""

    def get(self, stage: str, part: str = "") -> Watermark:
        """The watermark of the stage or of a part of it; at zero if it never ran."""
        row = self.connection.execute(select(WATERMARK).where(*_of(stage, part))).mappings().first()
        return Watermark(**row) if row else Watermark(stage=stage, part=part)

    def start(self, stage: str, now: datetime) -> Watermark:
        """Count an attempt at the stage's next run; `attempts` returns to 0 when the watermark moves."""
        self._ensure(Watermark(stage=stage), now)
        values = {"attempts": WATERMARK.c.attempts + 1, "started_at": now, "updated_at": now}
        self.connection.execute(update(WATERMARK).where(*_of(stage)).values(**values))
        return self.get(stage)

    def uncount_attempt(self, stage: str) -> None:
        """Undo the attempt that `start` counted."""
        less = update(WATERMARK).where(*_of(stage), WATERMARK.c.attempts > 0)
        self.connection.execute(less.values(attempts=WATERMARK.c.attempts - 1))

    def compare_and_swap(self, old: Watermark, new: Watermark, now: datetime) -> None:
        """Move from `old` to `new`; LostRaceError if the watermark is no longer at `old`."""
        self._ensure(old, now)
        same = [WATERMARK.c[name] == getattr(old, name) for name in ("stage", "part", "seq", "silver_batch", "done")]
        same.append(WATERMARK.c.target.is_(None) if old.target is None else WATERMARK.c.target == old.target)
        values = new.model_dump(include={"seq", "silver_batch", "target", "done"}) | {
            "attempts": 0,
            "updated_at": now,
            "error": None,
        }
        if self.connection.execute(update(WATERMARK).where(*same).values(**values)).rowcount != 1:
            raise LostRaceError(f"another runner moved the watermark of {old.stage}")

    def check_unmoved(self, mark: Watermark) -> None:
        """LostRaceError if the stage's watermark is no longer at `mark`."""
        now = self.get(mark.stage, mark.part)
        if (now.seq, now.silver_batch, now.target, now.done) != (mark.seq, mark.silver_batch, mark.target, mark.done):
            raise LostRaceError(f"another runner moved the watermark of {mark.stage}")

    def check_same_run(self, mark: Watermark) -> None:
        """LostRaceError if another run of the stage has begun since `mark` was read."""
        if self.get(mark.stage).started_at != mark.started_at:
            raise LostRaceError(f"another run of {mark.stage} has begun")

    def _ensure(self, mark: Watermark, now: datetime) -> None:
        zero = {"seq": 0, "silver_batch": 0, "done": 0, "attempts": 0, "updated_at": now}
        self.upsert(WATERMARK, [{"stage": mark.stage, "part": mark.part} | zero], ["stage", "part"], [])

    def idle(self, stage: str, since: datetime, part: str = "") -> bool:
        """Whether the stage, or the part of it, had no activity since then."""
        last_activity = self.connection.execute(select(WATERMARK.c.updated_at).where(*_of(stage, part))).scalar()
        return last_activity is None or last_activity < since

    def restart(self, old: Watermark, now: datetime, attempts: int) -> Watermark:
        """Let an unfinished run begin again, after so many attempts. LostRaceError as in `compare_and_swap`."""
        self.compare_and_swap(old, old.model_copy(update={"target": None, "done": 0}), now)
        self.connection.execute(update(WATERMARK).where(*_of(old.stage)).values(attempts=attempts))
        return self.get(old.stage)

    def error(self, stage: str) -> str | None:
        """The error of the stage's last run; None without one."""
        return self.connection.execute(select(WATERMARK.c.error).where(*_of(stage))).scalar()

    def record_failure(self, stage: str, error: str, now: datetime) -> None:
        """Save the error of the stage's last run."""
        self.connection.execute(update(WATERMARK).where(*_of(stage)).values(error=error, updated_at=now))

    def record_run(self, mark: Watermark, upto_seq: int, rows: int, now: datetime) -> None:
        """Add a finished run to the history."""
        values = {
            "stage": mark.stage,
            "from_seq": mark.seq,
            "upto_seq": upto_seq,
            "rows": rows,
            "started_at": mark.started_at or now,
            "finished_at": now,
        }
        self.connection.execute(RUN.insert().values(**values))

    def delete_older_runs(self, before: datetime, limit: int) -> int:
        """Delete the oldest runs, up to the limit, that ended before that time; the last of each stage stays."""
        oldest = self.connection.execute(select(RUN.c.id, RUN.c.finished_at).order_by(RUN.c.id).limit(limit)).all()
        kept = set(self.connection.execute(select(func.max(RUN.c.id)).group_by(RUN.c.stage)).scalars())
        ids = [row.id for row in oldest if row.finished_at < before and row.id not in kept]
        for part in chunks(ids):
            self.connection.execute(delete(RUN).where(RUN.c.id.in_(part)))
        return len(ids)

    def last_run(self, stage: str) -> tuple[datetime, datetime] | None:
        """The last finished run of the stage: (started_at, finished_at)."""
        query = select(RUN.c.started_at, RUN.c.finished_at).where(RUN.c.stage == stage).order_by(RUN.c.id.desc())
        row = self.connection.execute(query.limit(1)).first()
        return (row.started_at, row.finished_at) if row else None

    def first_run_past(self, stage: str, seq: int) -> tuple[datetime, datetime] | None:
        """The first finished run of the stage that covered `seq`: (started_at, finished_at)."""
        query = (
            select(RUN.c.started_at, RUN.c.finished_at)
            .where(RUN.c.stage == stage, RUN.c.upto_seq >= seq)
            .order_by(RUN.c.upto_seq, RUN.c.id)
            .limit(1)
        )
        row = self.connection.execute(query).first()
        return (row.started_at, row.finished_at) if row else None


def _of(stage: str, part: str = "") -> tuple[ColumnElement[bool], ...]:
    return WATERMARK.c.stage == stage, WATERMARK.c.part == part
