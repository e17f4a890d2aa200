"""Train the network on scikit-learn's digits; write the vendor's model and the reader's test set.

It needs `pip install scikit-learn torch onnx onnxscript`; ezlang itself needs none of them but
onnx. On one machine, it always writes the same files.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

HERE = Path(__file__).parent
EPOCHS = 60
TESTED = 360


def network() -> nn.Sequential:
    """Return the untrained network, for images of 8 × 8 pixels."""
    layers = {
        "conv1": nn.Conv2d(1, 8, 3, padding=1),
        "relu1": nn.ReLU(),
        "pool1": nn.MaxPool2d(2),
        "conv2": nn.Conv2d(8, 16, 3, padding=1),
        "relu2": nn.ReLU(),
        "pool2": nn.MaxPool2d(2),
        "flat": nn.Flatten(),
        "full": nn.Linear(64, 10),
    }
    return nn.Sequential(OrderedDict(layers))


def train(model: nn.Sequential, images: torch.Tensor, labels: torch.Tensor) -> None:
    """Train the model in place."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.003, weight_decay=0.1)
    for _ in range(EPOCHS):
        for part in torch.randperm(len(images)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images[part]), labels[part]).backward()
            optimizer.step()


def main() -> None:
    """Write model.onnx and test.npz."""
    torch.manual_seed(5)
    torch.set_num_threads(1)  # of so small a network, more take longer
    data = load_digits()
    pixels = (data.images / 16).astype(np.float32)[:, None]
    images, tested, labels, answers = train_test_split(
        pixels, data.target, test_size=TESTED, random_state=0, stratify=data.target
    )
    model = network()
    train(model, torch.tensor(images), torch.tensor(labels))
    model.eval()
    right = model(torch.tensor(tested)).argmax(dim=1).numpy() == answers
    print(f"The float model reads {right.sum()} of {TESTED} digits: {right.mean():.4f}.")
    torch.onnx.export(
        model,
        (torch.tensor(tested[:1]),),
        HERE / "model.onnx",
        input_names=["image"],
        output_names=["scores"],
        dynamic_shapes=({0: "batch"},),
        external_data=False,
    )
    np.savez_compressed(HERE / "test.npz", image=tested, labels=answers.astype(np.int32))


if __name__ == "__main__":
    main()
