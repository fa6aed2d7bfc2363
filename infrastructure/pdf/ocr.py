"""OCR of page images with tesseract, if it is installed."""

import os
import shutil
import subprocess

from infrastructure.system.child_processes import tied_to

COMMAND = "tesseract"


def installed() -> bool:
    """Whether tesseract is installed."""
    return shutil.which(COMMAND) is not None


def recognise(png: bytes, timeout: float) -> str:
    """Return the text of a PNG. OSError or SubprocessError if tesseract fails or exceeds `timeout` seconds."""
    command = [COMMAND, "stdin", "stdout"]
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    # The calling child process has one thread, so tying tesseract to the parent is reliable.
    done = subprocess.run(
        command,
        input=png,
        capture_output=True,
        timeout=timeout,
        check=True,
        env=environment,
        preexec_fn=tied_to(os.getpid()),
        close_fds=True,
    )
    return done.stdout.decode("utf-8", "replace").replace("\x0c", "").strip()
