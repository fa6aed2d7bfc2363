"""The application, as the tests of the API have it."""

from tests.api.conftest import api, fresh

__all__ = ["api", "fresh"]
