"""Search settings in the warehouse: synonyms and the chosen embedding model."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select

from domain.search.queries import Synonym
from infrastructure.warehouse.ledger.tables import WatermarkRow
from infrastructure.warehouse.repository import Repository, table
from infrastructure.warehouse.search.tables import EmbeddingRow, SynonymRow

SYNONYM, EMBEDDING, WATERMARK = table(SynonymRow), table(EmbeddingRow), table(WatermarkRow)
STAGE = "embed"


class SearchSettingsRepository(Repository):
    """Synonyms by id, and the embed stage's model."""

    def synonyms(self) -> list[Synonym]:
        """All, by id."""
        rows = self.connection.execute(select(SYNONYM.c.id, SYNONYM.c.root, SYNONYM.c.words).order_by(SYNONYM.c.id))
        return [Synonym(id=row.id, root=row.root, words=tuple(row.words)) for row in rows]

    def put_synonyms(self, synonyms: Sequence[Synonym], now: datetime) -> None:
        """Insert or replace synonyms by id."""
        rows = [{"id": one.id, "root": one.root, "words": list(one.words), "updated_at": now} for one in synonyms]
        self.upsert(SYNONYM, rows, ["id"])

    def delete_synonym(self, synonym_id: str) -> bool:
        """Delete a synonym; whether it existed."""
        return self.connection.execute(delete(SYNONYM).where(SYNONYM.c.id == synonym_id)).rowcount > 0

    def model(self) -> str | None:
        """The model that documents are embedded with; None while embeddings are off."""
        return self.connection.execute(select(EMBEDDING.c.model).where(EMBEDDING.c.stage == STAGE)).scalar()

    def choose_model(self, model: str | None) -> bool:
        """Choose the model; another one than before restarts the embed stage. Whether it changed."""
        if self.model() == model:
            return False
        self.connection.execute(delete(EMBEDDING).where(EMBEDDING.c.stage == STAGE))
        self.connection.execute(delete(WATERMARK).where(WATERMARK.c.stage == STAGE))
        if model is not None:
            self.connection.execute(EMBEDDING.insert().values(stage=STAGE, model=model))
        return True
