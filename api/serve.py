"""`python -m api.serve`: the API in one process, on the address that the settings name."""

import uvicorn

from api.app import create_app
from infrastructure.bootstrap import bootstrap
from infrastructure.logging import set_up
from infrastructure.settings import Settings

GRACE = 5  # seconds that requests under way get at the end


def main() -> None:
    """Serve until told to stop."""
    settings = Settings()
    set_up("api", settings.log_level)
    parts = bootstrap(settings)
    parts.files.clean()
    app = create_app(settings, parts)
    talkative = settings.log_level.upper() == "DEBUG"  # a line for each request is more than a terminal wants
    uvicorn.run(app, host=settings.host, port=settings.port, log_config=None, access_log=talkative, timeout_graceful_shutdown=GRACE, server_header=False)


if __name__ == "__main__":
    main()
