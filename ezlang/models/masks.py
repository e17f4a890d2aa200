"""What masks add before a softmax: as infinite or huge constants, which become smaller ones.

All other infinite constants are refused.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from .graph import Array, Graph, Node, Value
from .problems import Problems
from .surroundings import Surroundings

LEAST: Final = -(2.0**12)
"""What stands for lower numbers before a softmax, where e^-32 counts as 0."""

_OTHERS: Final = -(2.0**6)
"""The least of the other numbers of a mask, which isn't one if there are numbers between."""

_KEEPING: Final = frozenset(
    {"Add", "Where", "Reshape", "Unsqueeze", "Squeeze", "Expand", "Cast", "Transpose", "Slice"}
)
"""Operators between a mask and its softmax."""


def finite(graph: Graph) -> Graph:
    """Return a graph whose constants are finite numbers.

    A maximum with −infinity, or a minimum with infinity, is one without it.

    Raises EzError (exit code 2) with all constants that have other ones.
    """
    graph = replace(graph, nodes=tuple(map(_bounded, graph.nodes)))
    around, problems = Surroundings(graph), Problems()
    made: dict[str, Value] = {}
    values = [value for node in graph.nodes for value in node.inputs if value is not None]
    for value in (*values, *graph.outputs.values()):
        if value.data is None or not value.is_float or value.name in made:
            continue
        data = value.data.astype(np.float64)
        if _has_masks(data) and _is_mask(value, around):
            made[value.name] = replace(value, data=np.maximum(data, LEAST))
            continue
        for what, wrong in (("NaN", np.isnan(data)), ("infinite numbers", np.isinf(data))):
            if wrong.any():
                problems.add(
                    f"the constant `{value.name}` has {what}, which have no fixed-point form",
                    "replace them by finite numbers before the export",
                )
    problems.check()
    nodes = tuple(
        replace(
            node,
            inputs=tuple(
                value if value is None else made.get(value.name, value) for value in node.inputs
            ),
        )
        for node in graph.nodes
    )
    return replace(graph, nodes=nodes)


def _bounded(node: Node) -> Node:
    """Return a node without the infinite bounds that JAX gives to maxima."""
    bound = {"Max": -np.inf, "Min": np.inf}.get(node.op)
    if bound is None or node.domain:
        return node
    kept = tuple(
        value
        for value in node.inputs
        if value is None or value.data is None or value.data.size != 1 or value.data != bound
    )
    return replace(node, inputs=kept or node.inputs)


def _has_masks(data: Array) -> bool:
    """Whether numbers are a mask's: the least of them far below all others, or a single one."""
    others = np.isfinite(data) & (data >= _OTHERS)
    masks = data <= LEAST
    return bool(
        (others | masks).all() and (data < LEAST).any() and (others.any() or data.size == 1)
    )


def _is_mask(value: Value, around: Surroundings) -> bool:
    """Whether all that is made of a value goes to a softmax."""
    users = around.users.get(value.name, [])
    return (
        bool(users)
        and not around.graph.is_output(value)
        and all(
            user.op == "Softmax" or (user.op in _KEEPING and _is_mask(user.out, around))
            for user in users
        )
    )
