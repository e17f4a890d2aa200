"""Values that need no memory of their own, because they are views of another value.

- A `Reshape` is a view of its operand, and so is a `Relabel` or `Reveal` that changes nothing at
  this party.
- A value that repeats one element (a constant or a `Broadcast`) stays one element, read with
  stride 0, if only element-wise operations use it.

Every other value is its own *root*. Liveness and storage work on roots only. `ir/facts.py` defines
which values repeat one element; this file decides which of them take the memory of one element,
which changes no message.
"""

from __future__ import annotations

from dataclasses import field

from ezlang.records import dataclass

from ..ir import tree as ir
from ..ir.facts import Origins
from ..ir.sharings import is_interactive
from .representations import PartyView, Representation


@dataclass(frozen=True, slots=True)
class Alias:
    """The root of a value; `repeated`: the value repeats the root's single element."""

    root: ir.Value
    repeated: bool = False


@dataclass(slots=True)
class Aliases:
    """The views and representations of all values of one function at one party."""

    view: PartyView
    origins: Origins
    aliases: dict[int, Alias] = field(default_factory=dict)
    representations: dict[int, Representation] = field(default_factory=dict)
    _users: dict[int, list[ir.Operation | None]] = field(default_factory=dict)

    def of(self, value: ir.Value) -> Alias:
        """Return the view of a value."""
        return self.aliases.get(value.id) or Alias(value)

    def representation(self, value: ir.Value) -> Representation:
        """Return the representation of the root behind a value."""
        root = self.of(value).root
        return self.representations.get(root.id) or self.view.representation(root)

    def count(self, root: ir.Value) -> int:
        """Return the number of elements that a root holds: those of its type, or a repeated one."""
        view = self.aliases.get(root.id)
        return 1 if view is not None and view.repeated else root.type.size

    def see(self, region: ir.Region) -> None:
        """Determine the views of everything in a function's body."""
        self._note_users(region)
        for operation in ir.walk(region):
            self._see_operation(operation)

    def _note_users(self, region: ir.Region) -> None:
        for operation in region.operations:
            for value in operation.operands:
                self._users.setdefault(value.id, []).append(operation)
            for inner in operation.regions:
                self._note_users(inner)
        for value in region.yields:
            self._users.setdefault(value.id, []).append(None)

    def _see_operation(self, operation: ir.Operation) -> None:
        match operation:
            case ir.Reshape():
                operand, result = operation.operands[0], operation.result
                if self.of(operand).repeated or self._same(operand, result):
                    self._share_view(operand, result)
            case ir.Relabel() | ir.Reveal():
                operand, result = operation.operands[0], operation.result
                if self._same(operand, result):
                    self._share_view(operand, result)
                elif self.of(operand).repeated and self._is_kept_repeated(result):
                    self.aliases[result.id] = Alias(result, repeated=True)
            case ir.Broadcast():
                operand, result = operation.operands[0], operation.result
                if operand.type.size == 1 and self._is_kept_repeated(result):
                    self.aliases[result.id] = Alias(self.of(operand).root, repeated=True)
            case ir.Constant() if len(operation.data) == 1:
                if self._is_kept_repeated(operation.result):
                    self.aliases[operation.result.id] = Alias(operation.result, repeated=True)
                    self.representations[operation.result.id] = Representation.REGISTER
            case _:
                pass

    def _same(self, operand: ir.Value, result: ir.Value) -> bool:
        """Return whether a result is its operand, unchanged, at this party."""
        representation = self.representation(operand)
        wanted = self.view.representation(result)
        if representation is Representation.ABSENT:
            return False
        if representation.is_secret or wanted.is_secret:
            return representation is wanted
        return representation is wanted or (
            self.of(operand).repeated and representation is Representation.REGISTER
        )

    def _share_view(self, operand: ir.Value, result: ir.Value) -> None:
        self.aliases[result.id] = self.of(operand)

    def _is_kept_repeated(self, value: ir.Value) -> bool:
        """Return whether a value repeats one element, and all uses can read it with stride 0."""
        users = self._users.get(value.id, ())
        return self.origins.is_repeated(value) and all(map(self._reads_repeated, users))

    def _reads_repeated(self, user: ir.Operation | None) -> bool:
        match user:
            case None:
                return False
            case ir.Reshape():
                return self._is_kept_repeated(user.result)
            case ir.Relabel():
                # Sharing a repeated value shares one element; the result repeats, or copies it.
                return not is_interactive(user) and (
                    (
                        self.view.representation(user.result).is_secret
                        and not user.operands[0].type.label.is_secret
                    )
                    or self._is_kept_repeated(user.result)
                )
            case _:
                # Interactive operations on shares need whole arrays.
                return isinstance(user, ir.Elementwise) and not is_interactive(user)
