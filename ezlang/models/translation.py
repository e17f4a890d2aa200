"""From a graph to the lines of a program: every node by its operator's function."""

from __future__ import annotations

import re
from collections import defaultdict

from ezlang.diagnostics.diagnostic import CompilerBug

from .graph import Graph, Node
from .listing import Input, Listing, identifier, names_of, type_of
from .operators import OPERATORS
from .operators.layer import Layer
from .problems import Problems, RefusedError
from .repetition import with_functions

_ALIAS = re.compile(r"\{(\d+)\}")
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
    with_functions(listing)
    return listing


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
        wanted = names_of(node) if place == 0 else (identifier(value.name),)
        listing.names[value.name] = listing.add_line(
            wanted, *layer.used(texts[place]), type_of(value)
        )
