"""The application over real parts, with the queue read by hand."""

from tests.api.conftest import api, fresh

__all__ = ["api", "fresh"]
