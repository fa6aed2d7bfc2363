"""Progress of loading: bars on stderr for uploads and stages on a terminal, and result lines on stdout."""

import sys
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

Job = dict[str, Any]


class ProgressDisplay:
    """Prints progress and results. `bars` switches the bars on or off (default: on if stderr is a terminal)."""

    def __init__(self, bars: bool | None = None) -> None:
        console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[state]}", markup=False),
            TimeElapsedColumn(),
        )
        show_bars = console.is_terminal if bars is None else bars
        self.progress = Progress(
            *columns,
            console=console,
            disable=not show_bars,
            redirect_stdout=show_bars and sys.stdout.isatty(),
            redirect_stderr=show_bars,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def sending(self, key: str, name: str, sent: int, size: int | None) -> None:
        """Show how many bytes of a file were sent."""
        task = self._task(key, name)
        self.progress.update(task, total=size, completed=sent, state=f"sent {sent / 1e6:,.1f} MB")

    def job(self, key: str, name: str, job: Job) -> None:
        """Show the job's stage and number of records."""
        stages = job["stages"]
        done = sum(stage["status"] == "done" for stage in stages)
        running = next((stage["name"] for stage in stages if stage["status"] == "running"), job["status"])
        state = f"{running} · {job['counts']['received']:,} records"
        self.progress.update(
            self._task(key, name),
            total=len(stages),
            completed=len(stages) if job["status"] == "succeeded" else done,
            state=state,
        )

    def remove(self, key: str) -> None:
        """Remove the bar of a file or job."""
        if key in self._tasks:
            self.progress.remove_task(self._tasks.pop(key))

    def say(self, line: str) -> None:
        """Print a result line to stdout."""
        print(line, flush=True)

    def complain(self, line: str) -> None:
        """Print an error line to stderr."""
        print(line, file=sys.stderr, flush=True)

    def _task(self, key: str, name: str) -> TaskID:
        if key not in self._tasks:
            self._tasks[key] = self.progress.add_task(name, total=None, state="")
        return self._tasks[key]
