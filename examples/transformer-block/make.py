"""Write a transformer block with seeded weights as PyTorch exports it, and a sequence for it.

It needs `pip install torch onnx onnxscript`; ezlang itself needs none of them but onnx. On one
machine, it always writes the same files. `model.onnx` is the vendor's, `sequence.npz` the client's.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

HERE = Path(__file__).parent
LENGTH = 16
WIDTH = 32
HEADS = 4


class Block(nn.Module):
    """A block with normalisation before attention and before the two layers [XYH+20]."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.out = nn.Linear(WIDTH, WIDTH)
        self.wide, self.narrow = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def attention(self, x: torch.Tensor) -> torch.Tensor:
        """Return what each place of the sequence takes from all others."""
        parts = self.qkv(x).reshape(-1, LENGTH, 3, HEADS, WIDTH // HEADS)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        found = nn.functional.scaled_dot_product_attention(query, key, value)
        return self.out(found.transpose(1, 2).reshape(-1, LENGTH, WIDTH))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the sequence after the block."""
        x = x + self.attention(self.norm1(x))
        return x + self.narrow(nn.functional.gelu(self.wide(self.norm2(x))))


def main() -> None:
    """Write model.onnx and sequence.npz."""
    torch.manual_seed(0)
    model = Block().eval()
    for norm in (model.norm1, model.norm2):  # or they would be equal, and exported as one
        nn.init.normal_(norm.weight, 1.0, 0.2)
        nn.init.normal_(norm.bias, 0.0, 0.2)
    x = torch.randn(1, LENGTH, WIDTH)
    torch.onnx.export(
        model,
        (x,),
        HERE / "model.onnx",
        input_names=["sequence"],
        output_names=["result"],
        external_data=False,
    )
    np.savez_compressed(HERE / "sequence.npz", sequence=x.numpy())


if __name__ == "__main__":
    main()
