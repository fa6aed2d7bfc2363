"""Reading images of text with tesseract, where it is installed."""

import os
import shutil
import subprocess

from infrastructure.system.child_processes import tied_to

COMMAND = "tesseract"


def installed() -> bool:
    """Whether there is a tesseract to ask."""
    return shutil.which(COMMAND) is not None


def recognise(png: bytes, timeout: float) -> str:
    """The text in a picture. OSError or SubprocessError where tesseract fails or takes longer than `timeout` seconds."""
    command = [COMMAND, "stdin", "stdout"]
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    # The child that calls this has one thread, so the kernel's tie to its parent holds.
    done = subprocess.run(
        command, input=png, capture_output=True, timeout=timeout, check=True, env=environment, preexec_fn=tied_to(os.getpid()), close_fds=True
    )
    return done.stdout.decode("utf-8", "replace").replace("\x0c", "").strip()
