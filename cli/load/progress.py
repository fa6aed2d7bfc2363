"""How loading is shown: bars for upload and stages on a terminal, plain lines elsewhere; results are lines on stdout in both."""

import sys
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

Job = dict[str, Any]


class ProgressDisplay:
    """Tells of files on their way. `bars` (default: where stderr is a terminal) draws them."""

    def __init__(self, bars: bool | None = None) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.fields[state]}", markup=False), TimeElapsedColumn())
        drawn = console.is_terminal if bars is None else bars
        self.progress = Progress(*columns, console=console, disable=not drawn, redirect_stdout=drawn and sys.stdout.isatty(), redirect_stderr=drawn)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.progress.stop()

    def sending(self, key: str, name: str, sent: int, size: int | None) -> None:
        """So many bytes of a file were sent."""
        task = self._task(key, name)
        self.progress.update(task, total=size, completed=sent, state=f"sent {sent / 1e6:,.1f} MB")

    def job(self, key: str, name: str, job: Job) -> None:
        """Where its job stands."""
        stages = job["stages"]
        done = sum(stage["status"] == "done" for stage in stages)
        running = next((stage["name"] for stage in stages if stage["status"] == "running"), job["status"])
        state = f"{running} · {job['counts']['received']:,} records"
        self.progress.update(self._task(key, name), total=len(stages), completed=len(stages) if job["status"] == "succeeded" else done, state=state)

    def forget(self, key: str) -> None:
        """Nothing more is to be shown of it."""
        if key in self._tasks:
            self.progress.remove_task(self._tasks.pop(key))

    def say(self, line: str) -> None:
        """A line of the result."""
        print(line, flush=True)

    def complain(self, line: str) -> None:
        """A line about what went wrong."""
        print(line, file=sys.stderr, flush=True)

    def _task(self, key: str, name: str) -> TaskID:
        if key not in self._tasks:
            self._tasks[key] = self.progress.add_task(name, total=None, state="")
        return self._tasks[key]
