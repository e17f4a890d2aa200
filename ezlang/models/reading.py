"""Reads a model file and checks it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .problems import Problems, refusal

if TYPE_CHECKING:
    import onnx

INSTALL = "python -m pip install 'ezlang[onnx]'"

_QUANTISED = frozenset(
    {"QuantizeLinear", "DynamicQuantizeLinear", "QLinearConv", "QLinearMatMul"}
    | {"ConvInteger", "MatMulInteger"}
)


def read_model(
    path: Path, sizes: Mapping[str, int], outputs: Sequence[str] = ()
) -> onnx.ModelProto:
    """Return the model in a file, with the data of external files, all sizes fixed.

    `sizes`: name of a dynamic size → its value. The first size of an input, if it is dynamic, is 1
    otherwise. `outputs`: those that are kept; all, if none are given. Raises EzError (exit code 2)
    with all that is wrong.
    """
    model = _loaded(path)
    problems = Problems()
    _check_operator_sets(model, problems)
    _check_initializers(model, problems)
    fix_sizes(model, sizes, problems)
    _choose(model, outputs, problems)
    problems.check()
    _drop_maps(model)
    return model


def require_onnx() -> None:
    """Raise an EzError with the command that installs the package `onnx`, if it is missing."""
    try:
        import onnx  # noqa: F401
    except ImportError:
        raise refusal(
            "`ezlang import` needs the package onnx, which isn't installed",
            f"install it: {INSTALL}",
        ) from None


def _loaded(path: Path) -> onnx.ModelProto:
    require_onnx()
    import onnx
    import onnx.inliner
    import onnx.parser
    from google.protobuf.message import DecodeError

    try:
        with warnings.catch_warnings():
            # The text format, which documentation uses, is said to be experimental.
            warnings.simplefilter("ignore", UserWarning)
            model = onnx.load(path, load_external_data=False)
        _check_files(model, path)
        _write_erfc(model)
        # By its path, the checker finds external files.
        external = onnx.external_data_helper.uses_external_data
        apart = any(external(tensor) for tensor in model.graph.initializer)
        onnx.checker.check_model(str(path) if apart else model)
        onnx.load_external_data_for_model(model, str(path.parent))
    except (DecodeError, onnx.parser.ParseError, UnicodeDecodeError):
        raise refusal(f"{path} is not an ONNX model") from None
    except onnx.checker.ValidationError as error:
        first = str(error).strip().splitlines()[0].rstrip(".")
        raise refusal(f"{path} is not a valid ONNX model: {first}") from None
    except OSError as error:
        raise refusal(
            f"{error.filename or path} cannot be read: {error.strerror or error}"
        ) from None
    return onnx.inliner.inline_local_functions(model) if model.functions else model


def _write_erfc(model: onnx.ModelProto) -> None:
    """Write erfc(x), which tf2onnx leaves as an operator that ONNX hasn't, as 1 + erf(-x)."""
    from onnx import helper

    nodes = list(model.graph.node)
    if not any(node.op_type == "Erfc" and not node.domain for node in nodes):
        return
    del model.graph.node[:]
    for node in nodes:
        if node.op_type != "Erfc" or node.domain:
            model.graph.node.append(node)
            continue
        (y,) = node.output
        negated, erf, one = (f"{y}/{part}" for part in ("negated", "erf", "one"))
        model.graph.node.extend(
            [
                helper.make_node("Neg", node.input, [negated], name=f"{node.name}/Neg"),
                helper.make_node("Erf", [negated], [erf], name=f"{node.name}/Erf"),
                helper.make_node("Constant", [], [one], value_float=1.0),
                helper.make_node("Add", [erf, one], [y], name=node.name),
            ]
        )


def _check_files(model: onnx.ModelProto, path: Path) -> None:
    """Raise an EzError if a file beside the model with its weights is missing."""
    places = {
        entry.value
        for tensor in model.graph.initializer
        for entry in tensor.external_data
        if entry.key == "location"
    }
    missing = sorted(place for place in places if not (path.parent / place).is_file())
    if missing:
        raise refusal(
            f"the weights of {path} are in a file of their own, {missing[0]}, which isn't there",
            "put the file beside the model",
        )


def _check_operator_sets(model: onnx.ModelProto, problems: Problems) -> None:
    import onnx

    newest = {
        "": onnx.defs.onnx_opset_version(),
        "ai.onnx.ml": max(
            schema.since_version
            for schema in onnx.defs.get_all_schemas()
            if schema.domain == "ai.onnx.ml"
        ),
    }
    for known in model.opset_import:
        domain = "" if known.domain == "ai.onnx" else known.domain
        if known.version > newest.get(domain, known.version):
            problems.add(
                f"the model uses version {known.version} of the operators of "
                f"{domain or 'ai.onnx'}, and the installed package onnx knows them up to "
                f"{newest[domain]}",
                "install a newer one: python -m pip install --upgrade onnx",
            )
    names = sorted({node.op_type for node in model.graph.node} & _QUANTISED)
    if names:
        problems.add(
            f"the model is quantised: it computes on 8-bit integers ({', '.join(names)})",
            "export the float model: weights and data become fixed-point numbers here",
        )


def _check_initializers(model: onnx.ModelProto, problems: Problems) -> None:
    if model.graph.sparse_initializer:
        problems.add(
            "the model has sparse weights, which aren't supported", "export them as usual tensors"
        )


def _drop_maps(model: onnx.ModelProto) -> None:
    """Leave out names that classifiers give to the columns of their scores."""
    for node in model.graph.node:
        if node.op_type == "ZipMap" and node.domain == "ai.onnx.ml":
            node.op_type, node.domain = "Identity", ""
            del node.attribute[:]


def _choose(model: onnx.ModelProto, outputs: Sequence[str], problems: Problems) -> None:
    """Leave out the outputs that aren't asked for."""
    known = {value.name: value for value in model.graph.output}
    for name in outputs:
        if name not in known:
            listed = ", ".join(f"`{one}`" for one in known)
            problems.add(f"the model has no output `{name}`", f"its outputs are {listed}")
    if outputs and not problems.found:
        del model.graph.output[:]
        model.graph.output.extend(known[name] for name in outputs)


def fix_sizes(model: onnx.ModelProto, sizes: Mapping[str, int], problems: Problems) -> None:
    """Write sizes into the types of inputs; forget other types, which depend on it."""
    given = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in given]
    names: dict[str, None] = {}
    for value in inputs:
        if not value.type.HasField("tensor_type") or not value.type.tensor_type.HasField("shape"):
            problems.add(f"the input `{value.name}` isn't a tensor of a known number of dimensions")
            continue
        for place, size in enumerate(value.type.tensor_type.shape.dim):
            own = f"{value.name}_{place}"
            # Paddle's exporter calls all open sizes `?`.
            name = own if size.dim_param in ("", "?") or own in sizes else size.dim_param
            if size.HasField("dim_value") and size.dim_value > 0 and name not in sizes:
                continue
            names[name] = None
            if name in sizes:
                size.dim_value = sizes[name]
            elif place == 0:
                size.dim_value = 1
            else:
                problems.add(
                    f"size {place} of the input `{value.name}` isn't fixed in the model",
                    f"fix it: --size {name}=N",
                )
    for name in sorted(set(sizes) - set(names)):
        problems.add(
            f"`--size {name}={sizes[name]}`: no size of an input has this name",
            f"those that are open are called {', '.join(names)}" if names else "all are fixed",
        )
    del model.graph.value_info[:]
