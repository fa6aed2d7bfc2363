"""Processes that end with the one that started them, however it ended, and that hide from the terminal's Ctrl-C."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)  # looked up before any fork: nothing may be loaded between fork and exec


def tied_to(parent: int, nice: int = 0) -> Callable[[], None]:
    """For `preexec_fn`: the kernel kills the new process when `parent` is gone. The kernel watches the thread that forks: call from the main one."""

    def tie() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.nice(nice)
        if os.getppid() != parent:  # it was gone before the call
            os._exit(1)

    return tie


def spawn(argv: Sequence[str], env: Mapping[str, str] | None = None, keep: Sequence[int] = (), nice: int = 0) -> subprocess.Popen[bytes]:
    """Start a process in a group of its own, tied to this one; `keep` are descriptors that it inherits."""
    return subprocess.Popen(argv, env=env, pass_fds=keep, process_group=0, stdin=subprocess.DEVNULL, preexec_fn=tied_to(os.getpid(), nice))


def ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it has ended; then what is left of its group is killed, before its number can belong to somebody else."""
    if process.returncode is not None:
        return True
    try:
        if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return False
    except ChildProcessError:  # somebody else waited for it
        return process.poll() is not None
    kill_group(process)
    process.wait()
    return True


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that has not been waited for, and all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()
