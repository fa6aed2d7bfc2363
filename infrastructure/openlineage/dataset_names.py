"""Names of data sets by their storage, as the OpenLineage naming conventions have them."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from domain.lineage.stage_datasets import FILES

POSTGRESQL_PORT = 5432


@dataclass(frozen=True)
class DatasetNames:
    """`warehouse`: namespace, and what precedes the names of tables; `search`: namespace of search collections."""

    data: str
    lake: str
    warehouse: tuple[str, str]
    search: str

    def of(self, dataset: str) -> tuple[str, str]:
        """Namespace and name of `files`, `bronze.releases`, `silver.award`, `gold.fact_award` or `search.processes`."""
        layer, _, table = dataset.partition(".")
        if dataset == FILES:
            return "file", f"{self.data}/{FILES}"
        if layer in {"bronze", "silver"}:
            return "file", f"{self.lake}/{layer}/{table}"
        if layer == "gold":
            namespace, prefix = self.warehouse
            return namespace, f"{prefix}{table}"
        return self.search, table


def dataset_names(data: Path, lake: Path, warehouse_url: str, search_url: str | None) -> DatasetNames:
    """The names of an installation's data sets, without credentials."""
    found = urlsplit(warehouse_url)
    if found.scheme.startswith("postgres"):
        namespace = f"postgres://{found.hostname or 'localhost'}:{found.port or POSTGRESQL_PORT}"
        warehouse = namespace, f"{found.path.lstrip('/')}.public."
    else:
        warehouse = "file", f"{warehouse_url.partition(':///')[2]}/"
    service = urlsplit(search_url or "")
    search = f"typesense://{service.netloc.rpartition('@')[2]}" if search_url else f"file://{data.resolve()}/search"
    return DatasetNames(str(data.resolve()), str(lake.resolve()), warehouse, search)
