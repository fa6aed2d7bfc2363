"""Child processes that end with their parent, however it ends, and that the terminal's Ctrl-C does not reach."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)  # loaded before any fork: nothing may be loaded between fork and exec


def tied_to(parent: int, nice: int = 0) -> Callable[[], None]:
    """Return a `preexec_fn`: the kernel kills the new process when `parent` ends.

    The kernel watches the forking thread, so call it from the main thread.
    """

    def tie() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.nice(nice)
        if os.getppid() != parent:  # it ended before the call
            os._exit(1)

    return tie


def spawn(
    argv: Sequence[str], env: Mapping[str, str] | None = None, keep: Sequence[int] = (), nice: int = 0
) -> subprocess.Popen[bytes]:
    """Start a process in its own group, tied to this one; it inherits the descriptors `keep`."""
    return subprocess.Popen(
        argv, env=env, pass_fds=keep, process_group=0, stdin=subprocess.DEVNULL, preexec_fn=tied_to(os.getpid(), nice)
    )


def ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether the process has ended. If so, the rest of its group is killed before the system reuses the group's id."""
    if process.returncode is not None:
        return True
    try:
        if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return False
    except ChildProcessError:  # another caller waited for it
        return process.poll() is not None
    kill_group(process)
    process.wait()
    return True


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that has not been waited for, and its group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()
