"""The embedded search engine: tantivy in a folder, shared by every process of one machine."""

from infrastructure.search.embedded.engine import EmbeddedSearch
from infrastructure.search.embedded.schema import schema_hash

__all__ = ["EmbeddedSearch", "schema_hash"]
