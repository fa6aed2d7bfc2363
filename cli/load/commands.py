"""`tenderlake load` and `tenderlake seed`: upload files to a running server over HTTP and follow their jobs.

Exit codes: 0 all jobs succeeded; 1 a job failed or a file was refused; 2 wrong usage; 3 all succeeded, but some records
are in quarantine; 130 Ctrl-C; 143 SIGTERM.
"""

from pathlib import Path
from typing import Annotated

import typer

from cli.load.signals import exit_code_on_signal
from infrastructure.settings import Settings

Url = Annotated[str | None, typer.Option(help="URL of the server (default: TENDERLAKE_URL, or this machine)")]
User = Annotated[str | None, typer.Option(help="user name (default: TENDERLAKE_USER, or admin)")]
Password = Annotated[
    str | None, typer.Option(help="password; better set TENDERLAKE_PASSWORD: process lists show options")
]
Webhook = Annotated[str | None, typer.Option(help="a URL that gets a message when each job has ended")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="whether to follow the jobs to their end")]
Files = Annotated[list[str], typer.Argument(metavar="FILES...", help="files to load; - reads stdin")]
Name = Annotated[str, typer.Option(help="file name for the data from stdin")]


def load(
    files: Files,
    url: Url = None,
    user: User = None,
    password: Password = None,
    webhook: Webhook = None,
    wait: Wait = True,
    name: Name = "stdin",
) -> None:
    """Load files into a running server and follow their jobs; exit code 1 if one failed, 3 if records are in
    quarantine."""
    from cli.load.client import connect
    from cli.load.loading import STDIN, run, send

    for file in files:
        if file != STDIN and not Path(file).is_file():
            raise typer.BadParameter(f"{file} is no file", param_hint="FILES")
    if files.count(STDIN) > 1:
        raise typer.BadParameter("stdin can be loaded once", param_hint="FILES")
    with exit_code_on_signal(), connect(Settings(), url, user, password) as client:
        client.check()
        raise typer.Exit(
            run(client, wait, lambda loading: send(loading, files, name, {"webhook": webhook} if webhook else {}))
        )


def seed(
    url: Url = None, user: User = None, password: Password = None, webhook: Webhook = None, wait: Wait = True
) -> None:
    """Load the bundled seeds into a running server and follow their jobs; exit codes as for load."""
    from cli.load.client import connect
    from cli.load.loading import run
    from cli.load.loading import seed as send

    with exit_code_on_signal(), connect(Settings(), url, user, password) as client:
        client.check()
        raise typer.Exit(run(client, wait, lambda loading: send(loading, {"webhook": webhook} if webhook else {})))
