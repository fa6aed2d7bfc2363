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
from domain.shared.errors import InvalidError, UnavailableError
from services.lake.silver_batches import limit_by_processes
from services.pipeline.backlog import index_pending, refine_or_publish_pending
from services.pipeline.stage import SingleFlightStage, takes_single_batch
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
    return work.search_settings.model() is not None and bool(_unembedded(work, work.watermarks.get(STAGE)))


def _due(parts: Parts, work: ReadUnitOfWork) -> bool:
    """Whether documents wait for vectors of the configured model, and no earlier stage has work."""
    model = parts.embedders.model
    chosen = model is not None and work.search_settings.model() == model
    return chosen and embedding_pending(work) and not earlier_stages_pending(work)


def _embed(parts: Parts, mark: Watermark) -> bool:
    """Embed the pending silver batches, at most up to the watermark of index; returns whether to continue at once."""
    embedder = _embedder(parts)
    with parts.warehouse.read() as work:
        pending: Sequence[SilverBatch] = _unembedded(work, mark)
    if mark.target is not None:
        pending = [batch for batch in pending if batch.id <= mark.target]
    single = takes_single_batch(mark)
    pending = pending[:1] if single else limit_by_processes(pending, RUN_MAX_PROCESSES)
    started, target = monotonic(), pending[-1]
    if mark.target not in (None, target.id):  # an interrupted run had taken more than this single batch
        with parts.warehouse.write() as work:
            mark = work.watermarks.restart(mark, now(), mark.attempts)
            work.commit()
    for collection, ids in _slices(parts, mark, pending):
        try:
            embed_documents(parts.search, embedder, collection, ids)
        except Exception:
            if single:
                _check(embedder)
            raise
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
    return _finish(parts, mark, target, sum(batch.processes for batch in pending), embedder.model)


def _finish(parts: Parts, mark: Watermark, upto: SilverBatch, processes: int, model: str) -> bool:
    """Move the watermark past the silver batch; returns whether more is pending. If not, the model becomes active."""
    passed = Watermark(stage=STAGE, seq=max(mark.seq, upto.upto_seq), silver_batch=upto.id)
    with parts.warehouse.write() as work:
        work.watermarks.compare_and_swap(mark, passed, now())
        work.watermarks.record_run(mark, upto.upto_seq, processes, now())
        more = embedding_pending(work)
        work.commit()
    if not more:
        _activate(parts.search, model)
    return more


def _check(embedder: Embedder) -> None:
    """UnavailableError if the model fails on any text: then no batch is the reason of a failure."""
    try:
        embedder.embed(["a text"])
    except Exception as error:
        raise UnavailableError(f"the embedding model {embedder.model} fails: {error}") from error


def _skip_batch(parts: Parts, mark: Watermark, reason: str) -> None:
    """Leave the documents of the next silver batch without vectors.

    They are found by their words, and embedded when they change or search is rebuilt.
    """
    embedder = _embedder(parts)
    _check(embedder)
    with parts.warehouse.read() as work:
        batch = _unembedded(work, mark)[0]
    _finish(parts, mark, batch, 0, embedder.model)
    logger.error("embed: {} processes of silver batch {} get no vectors: {}", batch.processes, batch.id, reason)


embed = SingleFlightStage(name=STAGE, due=_due, run=_embed, give_up=_skip_batch, priority=9, own_thread=True)


def _embedder(parts: Parts) -> Embedder:
    model = parts.embedders.model
    embedder = parts.embedders.get(model) if model else None
    if embedder is None:
        raise UnavailableError(f"the embedding model {model} is not available")
    return embedder


def _unembedded(work: ReadUnitOfWork, mark: Watermark) -> Sequence[SilverBatch]:
    return work.batches.silver_after(mark.silver_batch, work.watermarks.get("index").silver_batch)


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
    return refine_or_publish_pending(work) or index_pending(work) or bool(work.jobs.unlanded(now()))
