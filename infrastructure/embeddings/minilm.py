"""The packaged transformer model all-MiniLM-L6-v2 (int8), run by onnxruntime; English, 384 dimensions."""

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
TEXT_MAX_TOKENS = 128  # longer texts are cut; time grows with the tokens
BATCH_TEXTS = 16  # larger batches take more memory and are hardly faster
THREADS = max(1, (os.cpu_count() or 2) // 2)  # half of the cores, for the API and other stages need some


class MiniLM:
    """The model, loaded at the first text; may be shared by threads."""

    model = "minilm-l6-int8"
    dimension = 384

    def __init__(self, folder: Path = FOLDER, threads: int = THREADS) -> None:
        self._folder = folder
        self._threads = threads
        self._loading = threading.Lock()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row of length 1 per text."""
        with self._loading:
            tokenizer, session = self._loaded

        def run(batch: list[str]) -> Vectors:
            encoded = tokenizer.encode_batch(batch)
            inputs = {
                "input_ids": [encoding.ids for encoding in encoded],
                "attention_mask": [encoding.attention_mask for encoding in encoded],
            }
            found: Vectors = session.run(
                ["embedding"], {name: np.array(rows, dtype=np.int64) for name, rows in inputs.items()}
            )[0]
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
        options.enable_cpu_mem_arena = False  # the arena would never release the memory of the largest batch
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting threads must not use CPU
        return tokenizer, onnxruntime.InferenceSession(
            str(self._folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
