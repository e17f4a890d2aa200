"""The networks of the package onnx with seeded weights, and images for them.

In the package, every weight is 0.02, so that outputs don't depend on inputs. Here weights follow
He's initialisation [HZRS15]. `calibrated` then scales layers by the statistics of images, as
training would, so that activations stay small, and differ from image to image.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import onnx.backend.test
from onnx import numpy_helper

FOLDER: Final = Path(onnx.backend.test.__file__).parent / "data" / "light"
PIXELS: Final = 224
NAMES: Final = (
    "bvlc_alexnet",
    "densenet121",
    "inception_v1",
    "inception_v2",
    "resnet50",
    "shufflenet",
    "squeezenet",
    "vgg19",
    "zfnet512",
)

IMAGES: Final = "images"
"""The name of the size that says how many images a network takes."""

Array = np.ndarray[Any, Any]


def light(name: str, seed: int = 0) -> onnx.ModelProto:
    """Return a network of any number of images with seeded weights.

    `name` is that of its file, without `light_`.
    """
    random = np.random.default_rng(seed)
    model = onnx.load(FOLDER / f"light_{name}.onnx")
    given = {tensor.name: tensor for tensor in model.graph.initializer}
    known = frozenset(given)
    uses: dict[str, tuple[str, int]] = {}
    for node in model.graph.node:
        for place, value in enumerate(node.input):
            uses.setdefault(value, (node.op_type, place))
    shapes: dict[str, tuple[int, ...]] = {}
    nodes = []
    for node in model.graph.node:
        if node.op_type == "ConstantOfShape":
            shape = numpy_helper.to_array(given.pop(node.input[0]))
            shapes[node.output[0]] = tuple(int(n) for n in shape)
            continue
        nodes.append(node)
        if node.op_type == "Unsqueeze" and node.input[0] in (*given, *shapes):
            uses[node.input[0]] = uses[node.output[0]]
    # Small tensors are stored, and fit the weights that the network once had.
    stored = [one for one in given.values() if one.data_type == onnx.TensorProto.FLOAT]
    shapes |= {one.name: tuple(one.dims) for one in stored if one.name in uses}
    drawn = {one: _drawn(random, uses[one], shape) for one, shape in shapes.items()}
    weights = [numpy_helper.from_array(data.astype(np.float32), one) for one, data in drawn.items()]
    others = [_of_any_batch(one, uses) for one in given.values() if one.name not in drawn]
    inputs = [one for one in model.graph.input if one.name not in known]
    for value in (*inputs, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = IMAGES
    del model.graph.initializer[:], model.graph.node[:], model.graph.input[:]
    model.graph.input.extend(inputs)
    model.graph.initializer.extend([*others, *weights])
    model.graph.node.extend(nodes)
    model.ir_version = max(model.ir_version, 4)  # whose weights needn't be inputs, too
    return model


def _of_any_batch(tensor: onnx.TensorProto, uses: dict[str, tuple[str, int]]) -> onnx.TensorProto:
    """Return a shape that keeps the number of images; other numbers as they are."""
    data = numpy_helper.to_array(tensor)
    if uses.get(tensor.name) != ("Reshape", 1) or data[0] != 1:
        return tensor
    return numpy_helper.from_array(np.array([0, *data[1:]]), tensor.name)


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


def images(count: int, seed: int = 0) -> Array:
    """Return random images [count][1][3][224][224] whose spectrum is that of natural ones.

    Amplitudes are as the inverse of the frequency [Fie87]. Mean 0 and standard deviation 1, of all.
    """
    random = np.random.default_rng(seed)
    rows, columns = np.fft.fftfreq(PIXELS)[:, np.newaxis], np.fft.rfftfreq(PIXELS)
    frequency = np.maximum(np.hypot(rows, columns), 1 / PIXELS)
    noise = np.fft.rfft2(random.normal(size=(count, 1, 3, PIXELS, PIXELS)))
    found = np.fft.irfft2(noise / frequency, s=(PIXELS, PIXELS))
    return np.asarray((found - found.mean()) / found.std(), np.float32)


def calibrated(model: onnx.ModelProto, samples: Array) -> onnx.ModelProto:
    """Return a network each of whose channels has mean 0 and deviation 1 on samples.

    Layers with biases and normalisations are scaled in turn [KDDD16]. Otherwise all images would
    look alike to a deep network of random weights. The last softmax is left out: its input, the
    logits, says more.
    """
    made = onnx.ModelProto()
    made.CopyFrom(model)
    nodes = list(made.graph.node)
    weights = {tensor.name: tensor for tensor in made.graph.initializer}
    values = {made.graph.input[0].name: samples}
    last = {one: place for place, node in enumerate(nodes) for one in node.input}
    for place, node in enumerate(nodes):
        given = {one: numpy_helper.to_array(weights[one]) for one in node.input if one in weights}
        given |= {one: values[one] for one in node.input if one in values}
        x = given[node.input[0]]
        if node.op_type == "BatchNormalization":
            _set(weights, node.input[3:], _statistics(x))
        elif node.op_type in ("Conv", "Gemm") and len(node.input) == 3 and node.input[1] in weights:
            mean, variance = _statistics(_evaluated(node, given, made.opset_import))
            factor = 1 / np.sqrt(variance + 1e-5)
            filters, bias = (given[one] for one in node.input[1:])
            # Filters and the rows of matrices, which are all transposed, come first.
            scaled = filters * factor.reshape(-1, *[1] * (filters.ndim - 1))
            _set(weights, node.input[1:], (scaled, (bias - mean) * factor))
        given |= {one: numpy_helper.to_array(weights[one]) for one in node.input if one in weights}
        values[node.output[0]] = _evaluated(node, given, made.opset_import)
        for one in node.input:
            if last[one] == place:
                values.pop(one, None)
    if nodes[-1].op_type == "Softmax":
        del made.graph.node[-1]
        made.graph.output[0].name = nodes[-1].input[0]
    return made


def _statistics(x: Array) -> tuple[Array, Array]:
    """Return the mean and the variance of each channel."""
    rest = (0, *range(2, x.ndim))
    return x.mean(rest), x.var(rest)


def _set(
    weights: dict[str, onnx.TensorProto], names: Sequence[str], arrays: Sequence[Array]
) -> None:
    for name, array in zip(names, arrays, strict=True):
        weights[name].CopyFrom(numpy_helper.from_array(array.astype(np.float32), name))


def _evaluated(
    node: onnx.NodeProto, values: dict[str, Array], sets: Sequence[onnx.OperatorSetIdProto]
) -> Array:
    """Compute a node by onnxruntime."""
    import onnxruntime

    inputs = [
        onnx.helper.make_tensor_value_info(
            one, onnx.helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
        )
        for one, array in values.items()
    ]
    outputs = [onnx.ValueInfoProto(name=node.output[0])]
    alone = onnx.helper.make_graph([node], "node", inputs, outputs)
    model = onnx.helper.make_model(alone, opset_imports=sets, ir_version=10)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return np.asarray(session.run([node.output[0]], values)[0])
