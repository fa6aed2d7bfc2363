"""The embed stage: computes the vectors of indexed search documents, in small slices and at low priority.

It is single-flight. It stops as soon as an earlier stage has work, and the index stage starts it again. A slice skips
texts that have a vector of the same text hash, so that a repeated run changes nothing.
"""

from collections.abc import Iterator, Sequence
from time import monotonic

from loguru import logger

from domain.pipeline.batch import SilverBatch
from domain.pipeline.watermark import Watermark
from domain.search.embedding_text import embedding_text, text_hash
from domain.search.queries import Collection, SearchQuery
from domain.shared.errors import InvalidError, LostRaceError, UnavailableError, reason_of
from services.lake.silver_batches import limit_by_processes
from services.pipeline.backlog import organizations_behind, refine_or_publish_pending
from services.pipeline.stage_runner import ERROR_MAX_CHARACTERS, WAIT_SECONDS
from services.ports.embeddings import Embedder, EmbeddingModels
from services.ports.parts import Parts
from services.ports.search import SearchEngine, VectorIndex, VectorRow
from services.ports.warehouse import ReadUnitOfWork, Warehouse
from services.search.indexers import INDEXERS
from services.search.matching_documents import matching_documents
from services.shared.clock import now

STAGE = "embed"
SLICE_DOCUMENTS = 64  # texts embedded at once: about one second of work
RUN_MAX_PROCESSES = 2_000  # per run, unless its first silver batch has more
RUN_MAX_SECONDS = 10.0  # after which a run ends and sends the next message


def embed(parts: Parts) -> None:
    """One run, at most up to the watermark of index; sends the message again if more is pending."""
    model = parts.embedders.model
    apply_chosen_model(parts.warehouse, parts.embedders)
    embedder = parts.embedders.get(model) if model else None
    if embedder is None:
        return
    try:
        if _run(parts, embedder):
            parts.messages.send(STAGE)
    except LostRaceError as error:
        logger.info("embed: {}", error.detail)
    except Exception as error:
        if isinstance(error, UnavailableError):
            parts.warehouse.wait(WAIT_SECONDS)
        with parts.warehouse.write() as work:
            work.watermarks.record_failure(
                STAGE, f"{type(error).__name__}: {reason_of(error, ERROR_MAX_CHARACTERS)}", now()
            )
            work.commit()
        raise


def apply_chosen_model(warehouse: Warehouse, models: EmbeddingModels) -> None:
    """Write the configured model to the ledger. After a change all is embedded again; the old vectors answer until
    then.
    """
    with warehouse.read() as work:
        if work.search_settings.model() == models.model:
            return
    with warehouse.write() as work:
        if work.search_settings.choose_model(models.model):
            logger.info("embeddings: {}", models.model or "off")
        work.commit()


def embedding_pending(work: ReadUnitOfWork) -> bool:
    """Whether indexed documents wait to be embedded."""
    return bool(
        work.search_settings.model()
        and work.watermarks.get(STAGE).silver_batch < work.watermarks.get("index").silver_batch
    )


def _run(parts: Parts, embedder: Embedder) -> bool:
    with parts.warehouse.read() as work:
        if not embedding_pending(work) or earlier_stages_pending(work):
            return False
    with parts.warehouse.write() as work:
        mark = work.watermarks.start(STAGE, now())
        pending = _pending(work, mark)
        work.commit()
    return _embed(parts, mark, pending, embedder) if pending else False


def _pending(work: ReadUnitOfWork, mark: Watermark) -> Sequence[SilverBatch]:
    found = work.batches.silver_after(mark.silver_batch, work.watermarks.get("index").silver_batch)
    return (
        [batch for batch in found if batch.id <= mark.target]
        if mark.target
        else limit_by_processes(found, RUN_MAX_PROCESSES)
    )


def _embed(parts: Parts, mark: Watermark, pending: Sequence[SilverBatch], embedder: Embedder) -> bool:
    """Embed the pending silver batches; returns whether to continue at once."""
    started, target = monotonic(), pending[-1]
    for collection, ids in _slices(parts, mark, pending):
        embed_documents(parts.search, embedder, collection, ids)
        # Only slices of processes are counted: the number of others may change between runs, and their hashes skip them
        # fast.
        after = mark.model_copy(update={"target": target.id, "done": mark.done + (collection is Collection.PROCESSES)})
        with parts.warehouse.write() as work:
            work.watermarks.compare_and_swap(mark, after, now())
            waiting = earlier_stages_pending(work)
            work.commit()
        mark = after.model_copy(update={"attempts": 0})
        if waiting or monotonic() - started > RUN_MAX_SECONDS:
            return not waiting
    with parts.warehouse.write() as work:
        work.watermarks.compare_and_swap(
            mark, Watermark(stage=STAGE, seq=max(mark.seq, target.upto_seq), silver_batch=target.id), now()
        )
        work.watermarks.record_run(mark, target.upto_seq, sum(batch.processes for batch in pending), now())
        more = embedding_pending(work)
        work.commit()
    if not more:
        _activate(parts.search, embedder.model)
    return more


def _slices(parts: Parts, mark: Watermark, pending: Sequence[SilverBatch]) -> Iterator[tuple[Collection, list[str]]]:
    """The ids of the documents that the pending silver batches touched, in slices."""
    with parts.warehouse.read() as work:
        touched = {
            collection: indexer.keys_touched(work, parts.lake, mark.silver_batch, pending[-1].id)
            for collection, indexer in INDEXERS.items()
        }
    for collection, keys in touched.items():
        ids = INDEXERS[collection].ids_of(keys)
        done = mark.done * SLICE_DOCUMENTS if collection is Collection.PROCESSES else 0
        for start in range(done, len(ids), SLICE_DOCUMENTS):
            yield collection, ids[start : start + SLICE_DOCUMENTS]


def embed_documents(engine: SearchEngine, embedder: Embedder, collection: Collection, ids: Sequence[str]) -> int:
    """Write the vectors of the documents whose text hash differs from that of the stored vector; returns their
    number.

    The texts are those of the documents as search holds them: `index` has written all that are pending here.
    """
    documents = matching_documents(engine, SearchQuery(collection=collection), ids)
    texts = {str(document["id"]): embedding_text(collection, document) for document in documents}
    have = engine.read_vectors(collection, embedder.model, list(texts))
    changed = {
        name: text for name, text in texts.items() if name not in have or have[name].text_hash != text_hash(text)
    }
    if changed:
        engine.write_vectors(collection, embedder.model, _rows(embedder, changed))
    return len(changed)


def _rows(embedder: Embedder, texts: dict[str, str]) -> list[VectorRow]:
    """The vectors of the texts. A refused slice is halved until the refused texts are found, which are left out."""
    names = list(texts)
    try:
        vectors = embedder.embed([texts[name] for name in names])
    except InvalidError as error:
        if len(names) == 1:
            logger.warning("embed: {} gets no vector: {}", names[0], error.detail)
            return []
        half = len(names) // 2
        return [
            row
            for part in (names[:half], names[half:])
            for row in _rows(embedder, {name: texts[name] for name in part})
        ]
    return [VectorRow(name, text_hash(texts[name]), vector) for name, vector in zip(names, vectors, strict=True)]


def _activate(vectors: VectorIndex, model: str) -> None:
    """Make this model the active one of each collection, now that all documents are embedded."""
    for collection in Collection:
        if vectors.active_model(collection) != model and next(vectors.vectors(collection, model), None) is not None:
            vectors.activate_model(collection, model)
            logger.info("embeddings: {} is active for {}", model, collection)


def earlier_stages_pending(work: ReadUnitOfWork) -> bool:
    """Whether land, refine, publish or index has work."""
    to_index = work.watermarks.get("index").silver_batch < work.watermarks.get(
        "publish"
    ).silver_batch or organizations_behind(work)
    return bool(refine_or_publish_pending(work) or to_index or work.jobs.unlanded(now()))
