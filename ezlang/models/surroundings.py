"""What stands around a node in a graph."""

from __future__ import annotations

from dataclasses import field

from ezlang.records import dataclass

from .graph import Graph, Node, Value


@dataclass(slots=True)
class Surroundings:
    """The nodes of a graph, by the values that they make and use."""

    graph: Graph
    makers: dict[str, Node] = field(default_factory=dict)
    users: dict[str, list[Node]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node in self.graph.nodes:
            for value in node.outputs:
                if value is not None:
                    self.makers[value.name] = node
            for value in node.inputs:
                if value is not None:
                    self.users.setdefault(value.name, []).append(node)

    def maker(self, value: Value | None, *ops: str) -> Node | None:
        """Return the node that makes a value, if it has one of the operators."""
        found = None if value is None else self.makers.get(value.name)
        return found if found is not None and found.op in ops and not found.domain else None

    def only_user(self, value: Value, *ops: str) -> Node | None:
        """Return the only node that uses a value, if it has one of the operators."""
        if self.graph.is_output(value):
            return None
        match self.users.get(value.name, []):
            case [user] if user.op in ops and not user.domain:
                return user
        return None

    def is_private(self, value: Value) -> bool:
        """Whether only one node uses a value, so that it may disappear."""
        return not self.graph.is_output(value) and len(self.users.get(value.name, [])) == 1


Change = dict[str, tuple[Node, ...]]
"""Name of a node's first result → the nodes that stand in its place."""
