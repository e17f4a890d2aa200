"""Ensembles of decision trees as complete trees of one depth, for `trees.forest`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any, Final

import numpy as np

from ezlang.records import dataclass

from ..graph import Array
from ..problems import RefusedError
from .layer import Layer, shaped

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Trees:
    """The inner nodes and the roots; whether a number that is the threshold goes second."""

    nodes: Mapping[Place, _Node]
    roots: Sequence[Place]
    from_threshold: bool


def aggregated(
    layer: Layer,
    trees: Trees,
    how: str,
    places: Sequence[Place],
    ids: Sequence[int],
    weights: Array,
    targets: int,
) -> str:
    """Return the text for the sums of the leaves that rows reach, or their mean, least or largest.

    Number `weights[k]` of the leaf `places[k]` is for the target `ids[k]` of `targets`.
    """
    count = len(trees.roots)
    if how in ("SUM", "AVERAGE"):
        leaves = {place: np.zeros(targets) for place in places}
        for place, number, weight in zip(places, ids, weights, strict=True):
            leaves[place][number] += weight / (count if how == "AVERAGE" else 1)
        return forest_of(layer, trees, leaves)
    if how not in ("MIN", "MAX") or targets != 1 or len({*places}) != len(places):
        raise RefusedError(f"its aggregate_function is {how}, of {targets} targets")
    # Each tree has a column of its own.
    number_of = {place[0]: number for number, place in enumerate(trees.roots)}
    leaves = {}
    for place, weight in zip(places, weights, strict=True):
        leaves[place] = np.zeros(count)
        leaves[place][number_of[place[0]]] = weight
    rows = layer.shape()[0]
    found = layer.named("trees", forest_of(layer, trees, leaves), (rows, count))
    sign = "-" if how == "MIN" else ""
    return shaped(f"{sign}normalisation.largest({sign}{found})", (rows, 1))


def forest_of(layer: Layer, trees: Trees, leaves: Mapping[Place, Array]) -> str:
    """Return the text for the sums of the leaves that rows reach.

    `leaves`: the numbers of each leaf. Trees are made complete by repeating leaves.
    """
    nodes, roots = trees.nodes, trees.roots
    depth = max(1, *(_depth(nodes, root) for root in roots))
    if len(roots) << depth > MOST_LEAVES:
        raise RefusedError(
            f"its deepest tree has depth {depth}, and {len(roots)} complete trees of that depth "
            f"have more than {MOST_LEAVES} leaves: limit the depth when you train it"
        )
    inner, columns, width = (1 << depth) - 1, layer.shape()[1], len(next(iter(leaves.values())))
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
    return (
        f"trees.forest::<{depth}>({layer.x}, {layer.weight('looks', looks)}, "
        f"{layer.weight('thresholds', thresholds)}, {layer.weight('leaves', values)}, "
        f"{str(trees.from_threshold).lower()})"
    )


def trees_of(layer: Layer) -> Trees:
    """Return the trees of versions before 5: all nodes are in one list, leaves too."""

    def given(name: str) -> list[Any]:
        tensor = layer.attribute(f"{name}_as_tensor")
        return list(layer.attribute(name, []) if tensor is None else tensor)

    trees, numbers = given("nodes_treeids"), given("nodes_nodeids")
    modes = [str(mode) for mode in given("nodes_modes")]
    from_threshold = _from_threshold({mode for mode in modes if mode != "LEAF"})
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
    ordered = [roots[tree] for tree in sorted(roots)]
    return Trees(nodes=nodes, roots=ordered, from_threshold=from_threshold)


_MODES: Final = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ")


def numbered_trees_of(layer: Layer) -> tuple[Trees, dict[Place, int]]:
    """Return the trees of version 5, and the leaf at each place: leaves are in another list."""
    modes = [
        _MODES[mode] if mode < len(_MODES) else "BRANCH_MEMBER"
        for mode in layer.attribute("nodes_modes").tolist()
    ]
    from_threshold = _from_threshold({*modes})
    splits = layer.attribute("nodes_splits").astype(np.float64).tolist()
    features = layer.attribute("nodes_featureids")
    children = [
        [
            *zip(
                layer.attribute(f"nodes_{side}nodeids"),
                layer.attribute(f"nodes_{side}leafs"),
                strict=True,
            )
        ]
        for side in ("true", "false")
    ]
    nodes: dict[Place, _Node] = {}
    leaves: dict[Place, int] = {}
    roots = list(enumerate(layer.attribute("tree_roots")))
    waiting = [*roots]
    while waiting:
        tree, at = waiting.pop()
        places = []
        for number, is_leaf in (one[at] for one in children):
            # Here, leaves have the numbers after those of the nodes.
            place = (tree, number + len(modes) if is_leaf else number)
            if is_leaf:
                leaves[place] = number
            else:
                waiting.append(place)
            places.append(place)
        first, second = places if _TRUE_IS_FIRST[modes[at]][0] else places[::-1]
        nodes[tree, at] = _Node(
            feature=features[at], threshold=splits[at], first=first, second=second
        )
    return Trees(nodes=nodes, roots=roots, from_threshold=from_threshold), leaves


def _from_threshold(kinds: Set[str]) -> bool:
    """Whether a number that is the threshold goes to the second child, at all nodes."""
    unknown = sorted(kinds - set(_TRUE_IS_FIRST))
    equal = {_TRUE_IS_FIRST[mode][1] for mode in kinds & set(_TRUE_IS_FIRST)}
    if unknown or len(equal) > 1:
        raise RefusedError(f"its nodes are of the kinds {', '.join(sorted(kinds))}")
    return equal == {True}


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
