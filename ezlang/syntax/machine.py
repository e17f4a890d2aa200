"""The automaton of the grammar: the stacks of an LALR(1) parser, and queries on them."""

from __future__ import annotations

from collections.abc import Iterable

from .builder import Builder
from .lexer import STRUCT_BRACE, Token
from .maker import Child
from .tables import END, Tables

Value = Child | list[Child]
"""A value on the parser's stack: a terminal, a node, or the parts of a list."""


class Machine:
    """The stacks of an LALR(1) parser; `states` is one longer than `values`."""

    def __init__(self, tables: Tables, builder: Builder) -> None:
        self._rules = tables.rules
        self._table = tables.states
        self._terminals = {*tables.spellings, *(name for name, _ in tables.patterns), END}
        self._end_state = tables.end_state
        self._build = builder.build
        self._after_passing: dict[tuple[int, int, str], int] = {}
        self.states = [0]
        self.values: list[Value] = []

    def feed(self, token: Token) -> bool:
        """Take a token; return whether it is allowed here (if not, it is not taken)."""
        states, values, table, rules = self.states, self.values, self._table, self._rules
        kind = token.kind
        while True:
            action = table[states[-1]].get(kind)
            if action is None:
                if kind == STRUCT_BRACE:
                    token = Token("{", token.start, token.end)
                    kind = "{"
                    continue
                return kind == END and states[-1] == self._end_state
            if action >= 0:
                states.append(action)
                values.append(token)
                return True
            rule = rules[-action - 1]
            if rule.handler is None:
                key = (states[-2], states[-1], kind)
                known = self._after_passing.get(key)
                states[-1] = self._pass_on(*key) if known is None else known
                continue
            size = rule.size
            parts = values[len(values) - size :]
            if size:
                del values[-size:], states[-size:]
            values.append(self._reduce(rule.origin, rule.handler, parts))
            states.append(table[states[-1]][rule.origin])

    def _pass_on(self, below: int, top: int, kind: str) -> int:
        """Return and keep the top state after all reductions by rules that make no node.

        From a name to an expression there are a dozen of them, one for each level of binding.
        """
        row, state = self._table[below], top
        while True:
            action = self._table[state].get(kind, 0)
            rule = self._rules[-action - 1] if action < 0 else None
            if rule is None or rule.handler is not None:
                self._after_passing[below, top, kind] = state
                return state
            state = row[rule.origin]

    def _reduce(self, origin: str, handler: str, parts: list[Value]) -> Value:
        """Return the node of a rule, or the list of its parts if the rule's name begins with _.

        A list at the beginning of a rule is extended in place, so that long lists take linear time.
        """
        is_list = origin[0] == "_"
        flat: list[Child]
        if is_list and isinstance(parts[0], list):
            flat, parts = parts[0], parts[1:]
        else:
            flat = []
        for part in parts:
            if isinstance(part, list):
                flat.extend(part)
            elif not (is_list and isinstance(part, Token) and part.kind == ","):
                flat.append(part)
        return flat if is_list else self._build(handler, flat)

    def run_length(self, kinds: Iterable[str], states: list[int] | None = None) -> int:
        """Return how many tokens of these kinds could be taken in sequence."""
        stack = list(self.states if states is None else states)
        count = 0
        for kind in kinds:
            if not self._step(stack, kind):
                break
            count += 1
        return count

    def accepts(self, *kinds: str) -> bool:
        """Return whether tokens of these kinds can come next, in this order."""
        return self.run_length(kinds) == len(kinds)

    def accepts_after(self, depth: int, symbol: str, kind: str) -> bool:
        """Return whether `kind` could follow `symbol` pushed on the lowest `depth` + 1 states."""
        states = self.states[: depth + 1]
        states.append(self._table[states[-1]][symbol])
        return self.run_length([kind], states) == 1

    def expected(self) -> list[str]:
        """Return the kinds of tokens that can come next."""
        return [k for k in self._table[self.states[-1]] if k in self._terminals and self.accepts(k)]

    def goes_on_with(self, depth: int, symbol: str) -> bool:
        """Return whether the state at `depth` waits for `symbol`, the name of a rule."""
        return symbol in self._table[self.states[depth]]

    def cut(self, depth: int) -> list[Value]:
        """Remove and return everything above the state at `depth`."""
        lost = self.values[depth:]
        del self.states[depth + 1 :], self.values[depth:]
        return lost

    def push(self, symbol: str, value: Child) -> None:
        """Push a node where the top state waits for `symbol`."""
        self.states.append(self._table[self.states[-1]][symbol])
        self.values.append(value)

    def _step(self, stack: list[int], kind: str) -> bool:
        """Apply the effect of `feed`, with a token of this kind, to a stack of states."""
        while True:
            action = self._table[stack[-1]].get(kind)
            if action is None:
                if kind == STRUCT_BRACE:
                    kind = "{"
                    continue
                return kind == END and stack[-1] == self._end_state
            if action >= 0:
                stack.append(action)
                return True
            rule = self._rules[-action - 1]
            if rule.size:
                del stack[-rule.size :]
            stack.append(self._table[stack[-1]][rule.origin])
