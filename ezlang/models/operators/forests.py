"""Ensembles of decision trees as complete trees of one depth, for `trees.forest`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from ezlang.records import dataclass

from ..graph import Array
from ..problems import RefusedError
from .layer import Layer

MOST_LEAVES: Final = 1 << 18
"""The most leaves that all trees may have after they are made complete."""

_TRUE_IS_FIRST: Final = {
    "BRANCH_LEQ": (True, False),
    "BRANCH_GT": (False, False),
    "BRANCH_LT": (True, True),
    "BRANCH_GTE": (False, True),
}
"""Kind of node → whether the child for `true` is the first one; whether a number that is the
threshold goes to the second one."""

Place = tuple[int, int]
"""A tree and a node of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    feature: int
    threshold: float
    first: Place
    second: Place


def forest_of(layer: Layer, leaves: Mapping[Place, Array], added: Array) -> str:
    """Return the text for the sums of the leaves that rows reach, plus numbers.

    `leaves`: the numbers of each leaf. Trees are made complete by repeating leaves.
    """
    nodes, roots, from_threshold = _read(layer)
    depth = max(1, *(_depth(nodes, root) for root in roots))
    if len(roots) << depth > MOST_LEAVES:
        raise RefusedError(
            f"its deepest tree has depth {depth}, and {len(roots)} complete trees of that depth "
            f"have more than {MOST_LEAVES} leaves: limit the depth when you train it"
        )
    inner, columns, width = (1 << depth) - 1, layer.shape()[1], len(added)
    looks = np.zeros((len(roots), inner, columns), bool)
    thresholds = np.zeros((len(roots), inner))
    values = np.zeros((len(roots), inner + 1, width))
    for number, root in enumerate(roots):
        level = [root]
        for height in range(depth):
            below: list[Place] = []
            for at, place in enumerate(level, (1 << height) - 1):
                node = nodes.get(place)
                if node is not None:
                    looks[number, at, node.feature] = True
                    thresholds[number, at] = node.threshold
                below += [place, place] if node is None else [node.first, node.second]
            level = below
        values[number] = [leaves[place] for place in level]
    text = (
        f"trees.forest::<{depth}>({layer.x}, {layer.weight('looks', looks)}, "
        f"{layer.weight('thresholds', thresholds)}, {layer.weight('leaves', values)}, "
        f"{str(from_threshold).lower()})"
    )
    if not added.any():
        return text
    return f"{text} + {layer.weight('base', added)}"


def _read(layer: Layer) -> tuple[dict[Place, _Node], list[Place], bool]:
    """Return the inner nodes, the roots, and where a number goes that is the threshold."""

    def given(name: str) -> list[Any]:
        tensor = layer.attribute(f"{name}_as_tensor")
        return list(layer.attribute(name, []) if tensor is None else tensor)

    trees, numbers = given("nodes_treeids"), given("nodes_nodeids")
    modes = [str(mode) for mode in given("nodes_modes")]
    kinds = {mode for mode in modes if mode != "LEAF"}
    unknown = sorted(kinds - set(_TRUE_IS_FIRST))
    equal = {_TRUE_IS_FIRST[mode][1] for mode in kinds & set(_TRUE_IS_FIRST)}
    if unknown or len(equal) > 1:
        raise RefusedError(f"its nodes are of the kinds {', '.join(sorted(kinds))}")
    nodes: dict[Place, _Node] = {}
    roots: dict[int, Place] = {}
    for tree, number, mode, feature, threshold, yes, no in zip(
        trees,
        numbers,
        modes,
        given("nodes_featureids"),
        given("nodes_values"),
        given("nodes_truenodeids"),
        given("nodes_falsenodeids"),
        strict=True,
    ):
        roots.setdefault(tree, (tree, number))
        if mode == "LEAF":
            continue
        children = (tree, yes), (tree, no)
        first, second = children if _TRUE_IS_FIRST[mode][0] else children[::-1]
        nodes[tree, number] = _Node(
            feature=feature, threshold=float(threshold), first=first, second=second
        )
    return nodes, [roots[tree] for tree in sorted(roots)], equal == {True}


def _depth(nodes: Mapping[Place, _Node], root: Place) -> int:
    """Return how many nodes the longest path through a tree has."""
    depth, level = 0, [root]
    while level := [
        child
        for place in level
        if place in nodes
        for child in (nodes[place].first, nodes[place].second)
    ]:
        depth += 1
        if depth > 64:
            raise RefusedError("it has a tree of more than 64 levels")
    return depth
