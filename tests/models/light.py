"""The networks of the package onnx, with seeded weights.

In the package, every weight is 0.02, so that outputs don't depend on inputs. Here weights follow
He's initialisation, and normalisations nearly keep what they get, so that activations stay small.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.backend.test
from onnx import numpy_helper

FOLDER = Path(onnx.backend.test.__file__).parent / "data" / "light"
Array = np.ndarray[Any, Any]


def light(name: str, seed: int = 0) -> onnx.ModelProto:
    """Return a network with seeded weights; `name` is that of its file, without `light_`."""
    random = np.random.default_rng(seed)
    model = onnx.load(FOLDER / f"light_{name}.onnx")
    given = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    uses: dict[str, tuple[str, int]] = {}
    for node in model.graph.node:
        for place, value in enumerate(node.input):
            uses.setdefault(value, (node.op_type, place))
    kept = []
    for node in model.graph.node:
        if node.op_type != "ConstantOfShape":
            kept.append(node)
            continue
        use = uses[node.output[0]]
        shape = tuple(int(n) for n in given[node.input[0]])
        if use[0] == "Unsqueeze":
            after = next(n.output[0] for n in model.graph.node if node.output[0] in n.input)
            use = uses[after]
        drawn = _drawn(random, use, shape).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(drawn, node.output[0]))
    model.ir_version = max(model.ir_version, 4)  # whose weights needn't be inputs, too
    del model.graph.node[:]
    model.graph.node.extend(kept)
    return model


def _drawn(random: np.random.Generator, use: tuple[str, int], shape: tuple[int, ...]) -> Array:
    normal: Array = random.normal(size=shape)
    match use:
        case ("Conv", 1):
            return normal * float(np.sqrt(2 / np.prod(shape[1:])))
        case ("Gemm", 1):
            return normal / float(np.sqrt(max(shape)))
        case ("BatchNormalization", 1) | ("Mul", _):
            return 1 + 0.1 * normal
        case ("BatchNormalization", 4):
            return random.uniform(0.5, 1.5, size=shape)
    return 0.1 * normal
