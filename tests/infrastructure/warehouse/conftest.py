"""The application over real parts, with the queue read by hand; shared with the tests of the API."""

from tests.api.conftest import api, fresh

__all__ = ["api", "fresh"]
