"""Folds what doesn't depend on inputs into constants, and finds the shape of every value.

ONNX defines some operators as functions of others. One that isn't supported is replaced by them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ezlang.records import dataclass

from .graph import Array, Graph, Node, Value, needed

if TYPE_CHECKING:
    import onnx

_RANDOM: Final = frozenset(
    {"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike"}
    | {"Multinomial", "Bernoulli"}
)
_UNTYPED: Final = frozenset({"Compress"})
"""Operators whose results have sizes that follow from constants, but that ONNX doesn't infer."""

_SMALL: Final = 4096
"""The most elements of a constant that the shapes of results may depend on."""

Versions = Mapping[str, int]
"""The versions of the operator sets, by domain."""

Operands = tuple[Value | None, ...]


def folded(model: onnx.ModelProto, supported: Set[tuple[str, str]]) -> Graph:
    """Return the nodes of a model that depend on its inputs, with the shapes of all values.

    `supported`: pairs of a domain and an operator that aren't replaced by other ones.
    """
    import onnx

    graph = model.graph
    used = {name for node in graph.node for name in node.input}
    folding = _Folding(supported, used.union(one.name for one in graph.output))
    versions = _versions(model)
    for tensor in graph.initializer:
        # An integer that gives a shape or an index is asked for when an operator needs it.
        folding.constant(tensor.name, onnx.numpy_helper.to_array(tensor), is_public=False)
    inputs = [one for one in graph.input if one.name not in folding.values]
    for one in inputs:
        folding.typed(one.name, one.type)
    for proto in graph.node:
        folding.add(proto, versions)
    outputs = {one.name: folding.values[one.name] for one in graph.output}
    nodes = needed(folding.nodes, outputs.values())
    return Graph(
        inputs=tuple(folding.values[one.name] for one in inputs), nodes=nodes, outputs=outputs
    )


@dataclass(slots=True)
class _Folding:
    """The values known so far by name, and the nodes that remain. `used`: by nodes of the model."""

    supported: Set[tuple[str, str]]
    used: Set[str]
    values: dict[str, Value] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    added: int = 0

    def constant(self, name: str, data: Array, *, is_public: bool) -> None:
        """Add a constant."""
        self.values[name] = Value(
            name=name, shape=data.shape, dtype=data.dtype, data=data, is_public=is_public
        )

    def typed(self, name: str, type: onnx.TypeProto) -> None:
        """Add a value by its type; no size is left open."""
        import onnx

        tensor = type.tensor_type
        self.values[name] = Value(
            name=name,
            shape=tuple(one.dim_value for one in tensor.shape.dim),
            dtype=np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)),
        )

    def add(self, proto: onnx.NodeProto, versions: Versions) -> None:
        """Add a node, or what it computes if that is known, or the nodes that it stands for."""
        self.added += 1
        operands = tuple(self.values[name] if name else None for name in proto.input)
        given = [value for value in operands if value is not None]
        if proto.op_type == "Identity" or self._is_idle_dropout(proto, versions):
            self.values[proto.output[0]] = given[0]
        elif not all(value.is_known for value in given):
            self._keep(proto, operands, versions)
        elif proto.op_type in ("Shape", "Size"):
            shaped = Value(
                name="", shape=given[0].shape, dtype=given[0].dtype, data=_zeros(given[0])
            )
            self._compute(proto, (shaped,), versions, is_public=True)
        elif proto.op_type == "If" and given[0].data is not None:
            self._add_branch(proto, versions, is_true=bool(given[0].data.any()))
        elif all(value.data is not None for value in given) and proto.op_type not in _RANDOM:
            public = all(value.is_public for value in given)
            self._compute(proto, operands, versions, is_public=public)
        elif (function := self._function(proto, operands, versions)) is not None:
            own = {**versions, **{one.domain: one.version for one in function.opset_import}}
            for inner in _body(proto, function, f"{self.added}"):
                self.add(inner, own)
        else:
            self._keep(proto, operands, versions)

    def _add_branch(self, proto: onnx.NodeProto, versions: Versions, *, is_true: bool) -> None:
        """Add the branch of an `If` that is taken."""
        import onnx

        taken = "then_branch" if is_true else "else_branch"
        (branch,) = (one.g for one in proto.attribute if one.name == taken)
        made = [tensor.name for tensor in branch.initializer]
        made += [name for node in branch.node for name in node.output]
        names = {name: f"{proto.output[0]}/{name}" for name in made}
        for tensor in branch.initializer:
            data = onnx.numpy_helper.to_array(tensor)
            self.constant(names[tensor.name], data, is_public=False)
        inner = onnx.GraphProto()
        inner.CopyFrom(branch)
        _rename(inner, names)
        for node in inner.node:
            node.output[:] = [names.get(name, name) for name in node.output]
            self.add(node, versions)
        for name, result in zip(proto.output, branch.output, strict=True):
            self.values[name] = self.values[names.get(result.name, result.name)]

    def _function(
        self, proto: onnx.NodeProto, operands: Operands, versions: Versions
    ) -> onnx.FunctionProto | None:
        """Return the function that defines an operator, unless the operator is supported."""
        import onnx

        domain = _domain(proto)
        # Only the function has further results, as the mean of a normalisation.
        alone = not self.used & {*proto.output[1:]}
        if ((domain, proto.op_type) in self.supported and alone) or domain not in versions:
            return None
        version = versions[domain]
        try:
            schema: Any = onnx.defs.get_schema(proto.op_type, version, domain)
        except onnx.defs.SchemaError:
            return None
        function = onnx.FunctionProto()
        known = [one for one in schema.function_opset_versions if one <= version]
        depending = [o for o in schema.context_dependent_function_opset_versions if o <= version]
        if known:
            function.ParseFromString(schema.get_function_with_opset_version(known[-1]))
        elif depending:
            types = [_type(value).SerializeToString() if value else b"" for value in operands]
            function.ParseFromString(
                schema.get_context_dependent_function_with_opset_version(
                    depending[-1], proto.SerializeToString(), types
                )
            )
        return function if function.node else None

    def _is_idle_dropout(self, dropout: onnx.NodeProto, versions: Versions) -> bool:
        """Whether a node is a dropout that does nothing, as when a model is used."""
        if dropout.op_type != "Dropout":
            return False
        training = self.values[dropout.input[2]] if len(dropout.input) > 2 else None
        idle = training is None or (training.data is not None and not training.data.any())
        trained = any(one.name == "is_test" and not one.i for one in dropout.attribute)
        old = versions.get("", 1) < 7 and not any(
            one.name == "is_test" for one in dropout.attribute
        )
        return idle and not trained and not old and not self.used & {*dropout.output[1:]}

    def _compute(
        self, proto: onnx.NodeProto, operands: Operands, versions: Versions, *, is_public: bool
    ) -> None:
        results = _evaluated(proto, operands, versions)
        for name, data in zip(proto.output, results, strict=False):
            if name:
                public = is_public and (proto.op_type != "Constant" or _is_structure(data))
                self.constant(name, data, is_public=public)

    def _try(self, proto: onnx.NodeProto, operands: Operands, versions: Versions) -> None:
        """Find the types of results by computing the node on zeros: ONNX infers none here."""
        given = tuple(
            value if value is None or value.data is not None else replace(value, data=_zeros(value))
            for value in operands
        )
        for name, data in zip(proto.output, _evaluated(proto, given, versions), strict=False):
            self.values[name] = Value(name=name, shape=data.shape, dtype=data.dtype)

    def _keep(self, proto: onnx.NodeProto, operands: Operands, versions: Versions) -> None:
        domain = "" if proto.domain == "ai.onnx" else proto.domain
        for name in proto.output:
            self.values[name] = Value(
                name=name, shape=(), dtype=np.dtype(np.float32), is_known=False
            )
        if all(value.is_known for value in operands if value is not None):
            for name, type in _result_types(proto, operands, versions).items():
                self.typed(name, type)
            is_tried = domain == "ai.onnx.ml" or proto.op_type in _UNTYPED
            if is_tried and (domain, proto.op_type) in self.supported:
                self._try(proto, operands, versions)
        self.nodes.append(
            Node(
                name=proto.name or proto.output[0],
                op=proto.op_type,
                domain=domain,
                version=versions.get(domain, 1),
                inputs=operands,
                outputs=tuple(self.values[name] if name else None for name in proto.output),
                attributes=_attributes(proto),
            )
        )


def _domain(proto: onnx.NodeProto) -> str:
    return "" if proto.domain == "ai.onnx" else proto.domain


def _versions(model: onnx.ModelProto) -> Versions:
    return {
        "" if one.domain == "ai.onnx" else one.domain: one.version for one in model.opset_import
    }


def _type(value: Value) -> onnx.TypeProto:
    import onnx

    element = onnx.helper.np_dtype_to_tensor_dtype(value.dtype)
    return onnx.helper.make_tensor_type_proto(element, value.shape)


def _body(
    call: onnx.NodeProto, function: onnx.FunctionProto, number: str
) -> Iterator[onnx.NodeProto]:
    """Yield the nodes of a function that a node calls, with names of their own."""
    import onnx

    names = dict(zip(function.input, [*call.input, *[""] * len(function.input)], strict=False))
    names |= dict(zip(function.output, call.output, strict=False))
    defaults = onnx.defs.get_schema(call.op_type, call.domain).attributes.values()
    given = {one.name: one.default_value for one in defaults if one.default_value.name}
    given |= {one.name: one for one in (*function.attribute_proto, *call.attribute)}
    title = call.name or call.op_type
    for inner in function.node:
        made = onnx.NodeProto()
        made.CopyFrom(inner)
        made.name = f"{title}/{inner.op_type}"
        made.input[:] = [
            names.setdefault(one, f"{title}/{one}_{number}") if one else "" for one in inner.input
        ]
        made.output[:] = [
            names.setdefault(one, f"{title}/{one}_{number}") if one else "" for one in inner.output
        ]
        del made.attribute[:]
        for attribute in inner.attribute:
            if not attribute.ref_attr_name:
                made.attribute.append(attribute)
            elif attribute.ref_attr_name in given:
                found = onnx.AttributeProto()
                found.CopyFrom(given[attribute.ref_attr_name])
                found.name = attribute.name
                made.attribute.append(found)
        for attribute in made.attribute:
            _rename(attribute.g, names)
        yield made


def _rename(graph: onnx.GraphProto, names: Mapping[str, str]) -> None:
    """Give the values around a branch their names in it."""
    for node in graph.node:
        node.input[:] = [names.get(one, one) for one in node.input]
        for attribute in node.attribute:
            _rename(attribute.g, names)


def _is_structure(data: Array) -> bool:
    """Whether a constant in the graph is part of the architecture, and no weights.

    Shapes, indices and single numbers are. Small integers may be quantised weights.
    """
    return data.size <= 1 or data.dtype in (np.dtype(np.int32), np.dtype(np.int64), np.dtype(bool))


def _zeros(value: Value) -> Array:
    """An array of a value's shape that takes no memory."""
    return np.broadcast_to(np.zeros((), value.dtype), value.shape)


def _attributes(proto: onnx.NodeProto) -> dict[str, Any]:
    import onnx

    found = {}
    for one in proto.attribute:
        value = onnx.helper.get_attribute_value(one)
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        elif isinstance(value, onnx.TensorProto):
            value = onnx.numpy_helper.to_array(value)
        elif isinstance(value, list) and value and isinstance(value[0], bytes):
            value = [item.decode("utf-8", "replace") for item in value]
        found[one.name] = value
    return found


def _alone(proto: onnx.NodeProto, operands: Operands, versions: Versions) -> onnx.ModelProto:
    """A model of one node."""
    import onnx

    typed = {
        name: onnx.helper.make_tensor_value_info(
            name, onnx.helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
        )
        for name, value in zip(proto.input, operands, strict=True)
        if value is not None
    }
    results = [onnx.ValueInfoProto(name=name) for name in proto.output if name]
    graph = onnx.helper.make_graph([proto], "node", list(typed.values()), results)
    sets = [onnx.helper.make_opsetid(domain, version) for domain, version in versions.items()]
    return onnx.helper.make_model(graph, opset_imports=sets)


def _evaluated(proto: onnx.NodeProto, operands: Operands, versions: Versions) -> list[Array]:
    """Compute a node on constants."""
    from onnx.reference import ReferenceEvaluator

    feeds = {
        name: value.data
        for name, value in zip(proto.input, operands, strict=True)
        if value is not None
    }
    found = ReferenceEvaluator(_alone(proto, operands, versions)).run(None, feeds)
    return [np.asarray(result) for result in found]


def _result_types(
    proto: onnx.NodeProto, operands: Operands, versions: Versions
) -> dict[str, onnx.TypeProto]:
    """Return the types of a node's results; those that can't be known are left out."""
    import onnx

    domain = _domain(proto)
    try:
        schema = onnx.defs.get_schema(proto.op_type, versions[domain], domain)
        types = {
            name: _type(value)
            for name, value in zip(proto.input, operands, strict=True)
            if value is not None
        }
        data = {
            name: onnx.numpy_helper.from_array(np.ascontiguousarray(value.data))
            for name, value in zip(proto.input, operands, strict=True)
            if value is not None and value.data is not None and value.data.size <= _SMALL
        }
        found = onnx.shape_inference.infer_node_outputs(
            schema,
            proto,
            types,
            data,
            opset_imports=[onnx.helper.make_opsetid(*one) for one in versions.items()],
        )
    except (
        KeyError,
        onnx.defs.SchemaError,
        onnx.shape_inference.InferenceError,
        onnx.checker.ValidationError,
    ):
        return {}
    return {name: type for name, type in found.items() if _is_fixed(type)}


def _is_fixed(type: onnx.TypeProto) -> bool:
    tensor = type.tensor_type
    return tensor.HasField("shape") and all(one.HasField("dim_value") for one in tensor.shape.dim)
