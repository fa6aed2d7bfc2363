"""The transformer that comes with the package (all-MiniLM-L6-v2, int8), run by onnxruntime; English, 384 numbers a text."""

import os
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from infrastructure.embeddings.batching import in_length_batches
from services.ports.embeddings import Vectors

FOLDER = Path(__file__).parent / "models" / "minilm-l6-int8"
TEXT_MAX_TOKENS = 128  # of a text that are read; the time grows with them
BATCH_TEXTS = 16  # memory grows with it, speed hardly
THREADS = max(1, (os.cpu_count() or 2) // 2)  # half of the cores: the API and the other stages need theirs


class MiniLM:
    """Loaded at the first text; threads may share it."""

    model = "minilm-l6-int8"
    dimension = 384

    def __init__(self, folder: Path = FOLDER, threads: int = THREADS) -> None:
        self._folder = folder
        self._threads = threads
        self._loading = threading.Lock()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """A row of length 1 a text."""
        with self._loading:
            tokenizer, session = self._loaded

        def run(batch: list[str]) -> Vectors:
            encoded = tokenizer.encode_batch(batch)
            inputs = {"input_ids": [one.ids for one in encoded], "attention_mask": [one.attention_mask for one in encoded]}
            found: Vectors = session.run(["embedding"], {name: np.array(rows, dtype=np.int64) for name, rows in inputs.items()})[0]
            return found

        return in_length_batches(texts, BATCH_TEXTS, self.dimension, run)

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        import onnxruntime
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.enable_truncation(TEXT_MAX_TOKENS)
        tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # it would keep what the largest batch took for good
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # a waiting thread must not burn a core
        return tokenizer, onnxruntime.InferenceSession(str(self._folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
