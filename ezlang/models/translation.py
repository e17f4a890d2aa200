"""From a graph to the lines of a program: every node by its operator's function."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import replace

from ezlang.diagnostics.diagnostic import CompilerBug

from .graph import Graph, Node
from .listing import Input, Listing, identifier, names_of, type_of
from .operators import OPERATORS
from .operators.classes import CLASSIFIERS
from .operators.layer import Layer
from .problems import Problems, RefusedError
from .repetition import with_functions

_ALIAS = re.compile(r"\{(\d+)\}")
_RESHAPE = re.compile(r"reshape\(\{0\}(, \d+)*\)")
_KINDS = {"object": "text", "complex64": "complex", "complex128": "complex"}


def translated(graph: Graph) -> Listing:
    """Return the lines of a graph's nodes.

    Raises EzError (exit code 2) with all nodes that can't be imported.
    """
    problems = Problems()
    _check_operators(graph, problems)
    listing = Listing()
    for value in graph.inputs:
        if not value.is_supported:
            problems.add(f"the input `{value.name}` is of the type {value.dtype.name}")
        name = listing.names[value.name] = listing.fresh(identifier(value.name))
        listing.inputs.append(Input(name=name, source=value.name, type=type_of(value)))
    for node in graph.nodes:
        try:
            _translate(node, listing)
        except RefusedError as refused:
            problems.add(f"{node.title} can't be imported: {refused}")
    problems.check()
    for output, value in graph.outputs.items():
        if value.data is not None:
            name = listing.weight(value.name, value.data)
        else:
            name = listing.names[value.name]
        listing.outputs.append((output, name))
    _merge_reshapes(listing)
    with_functions(listing)
    return listing


def _merge_reshapes(listing: Listing) -> None:
    """Leave out shapes in between, which exporters write and persons don't."""
    uses = Counter(name for line in listing.lines for name in line.operands)
    uses.update(name for _, name in listing.outputs)
    shapes = {line.name: line for line in listing.lines if _RESHAPE.fullmatch(line.text)}
    for number, line in enumerate(listing.lines):
        while line.name in shapes and line.operands[0] in shapes and uses[line.operands[0]] == 1:
            inner = shapes.pop(line.operands[0])
            line = shapes[line.name] = replace(line, operands=inner.operands)
            listing.lines[number] = line
    kept = {line.name for line in shapes.values()}
    listing.lines[:] = [
        line for line in listing.lines if line.name in kept or not _RESHAPE.fullmatch(line.text)
    ]


def _check_operators(graph: Graph, problems: Problems) -> None:
    """Name all nodes whose operators can't be imported, one sentence for each operator."""
    missing = defaultdict(list)
    for node in graph.nodes:
        if (node.domain, node.op) not in OPERATORS:
            missing[node.domain, node.op].append(node.name)
        elif not node.out.is_known and all(one.is_known for one in node.inputs if one is not None):
            problems.add(f"the shape of the result of {node.title} isn't known")
    for (domain, op), names in sorted(missing.items()):
        shown = ", ".join(f"`{name}`" for name in names[:20])
        more = f" and {len(names) - 20} more" if len(names) > 20 else ""
        nodes = "node" if len(names) == 1 else "nodes"
        name = f"{domain}.{op}" if domain else op
        problems.add(
            f"the operator {name} isn't supported: {nodes} {shown}{more}",
            "`ezlang import --operators` lists those that are",
        )
    problems.check()


def _translate(node: Node, listing: Listing) -> None:
    layer = Layer(node, listing)
    told = (value for value in node.inputs if value is not None and value.reason)
    listing.public += [f"{value.reason}: `{value.name}`" for value in told]
    try:
        written = OPERATORS[node.domain, node.op](layer)
    except RefusedError:
        # The nodes after it are still looked at.
        for value in node.outputs:
            if value is not None:
                listing.names[value.name] = value.name
        raise
    texts = [written] if isinstance(written, str) else list(written)
    for place, value in enumerate(node.outputs):
        if value is None:
            continue
        if place >= len(texts):
            raise RefusedError(f"its result `{value.name}` isn't supported")
        if not value.is_supported:
            raise RefusedError(f"its result is {_KINDS.get(value.dtype.name, value.dtype.name)}")
        if 0 in value.shape:
            raise RefusedError("its result has no elements")
        if (alias := _ALIAS.fullmatch(texts[place])) is not None:
            listing.names[value.name] = layer.operands[int(alias[1])]
            continue
        if value.name in listing.names:
            raise CompilerBug(f"{value.name} is computed twice")
        # The label and the scores of classes are called as the model calls them.
        is_own = place == 0 and node.op not in CLASSIFIERS
        wanted = names_of(node) if is_own else (identifier(value.name),)
        listing.names[value.name] = listing.add_line(
            wanted, *layer.used(texts[place]), type_of(value)
        )
