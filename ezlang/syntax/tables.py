"""The grammar as tables: the pattern of the lexer and the actions of the parser in each state.

lark turns `grammar/ez.lark` into LALR(1) tables, which takes a fifth of a second. The tables are
cached as JSON under a name that contains the grammar's hash, so that a later start needs neither
lark nor that time.
"""

from __future__ import annotations

import dataclasses
import json
import re
from functools import cache, cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from ezlang.cache import read_cached, write_cached
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.files import PACKAGE
from ezlang.records import dataclass

if TYPE_CHECKING:
    from lark import Lark
    from lark.grammar import Rule as LarkRule
    from lark.lexer import TerminalDef

END = "$END"
_FORMAT = "1"


@dataclass(frozen=True, slots=True)
class Rule:
    """`origin` → `size` symbols; `handler` makes the node, or is None to keep the only one."""

    origin: str
    handler: str | None
    size: int


@dataclasses.dataclass(frozen=True)
class Tables:
    """The grammar, ready to run.

    A symbol is a rule's name, a named terminal's name (`NAME`), or the spelling of a quoted
    terminal (`+=`). In `states[s]`, a number n ≥ 0 means: go on to state n (a shift for a terminal,
    a goto for a rule); n < 0 means: reduce by rule −n − 1.
    """

    spellings: tuple[str, ...]
    patterns: tuple[tuple[str, str], ...]
    ignored: frozenset[str]
    rules: tuple[Rule, ...]
    states: tuple[dict[str, int], ...]
    end_state: int

    @cached_property
    def lexer(self) -> re.Pattern[str]:
        """One expression for all terminals except the reserved words; each has a named group."""
        return re.compile(
            "|".join(f"(?P<{name}>{pattern})" for name, pattern in self.patterns)
            + "|(?P<_spelling>"
            + "|".join(re.escape(s) for s in self.spellings if not s[0].isalpha())
            + ")"
        )

    @cached_property
    def words(self) -> frozenset[str]:
        """The reserved words."""
        return frozenset(s for s in self.spellings if s[0].isalpha())


@cache
def load_tables() -> Tables:
    """Return the tables of `grammar/ez.lark`, from the cache if they are in it."""
    grammar = (PACKAGE / "grammar" / "ez.lark").read_text(encoding="utf-8")
    name = f"grammar-{sha256((_FORMAT + grammar).encode()).hexdigest()[:32]}.json"
    kept = read_cached(name)
    if kept is not None:
        try:
            return _from_json(kept)
        except (ValueError, KeyError, TypeError):
            pass
    tables = build_tables(grammar)
    write_cached(name, _to_json(tables))
    return tables


def build_tables(grammar: str) -> Tables:
    """Let lark make the tables of a grammar in its language, whose start rule is `module`."""
    from lark import Lark

    parser = Lark(grammar, parser="lalr", lexer="basic", start="module", maybe_placeholders=False)
    quoted = {t.name: t.pattern.value for t in parser.terminals if t.pattern.type == "str"}
    named = sorted((t for t in parser.terminals if t.pattern.type == "re"), key=_match_order)
    rules, states, end_state = _parse_table(parser, quoted)
    clash = {rule.origin for rule in rules} & set(quoted.values())
    if clash:
        raise CompilerBug(f"rules of the grammar have the names of reserved words: {sorted(clash)}")
    return Tables(
        spellings=tuple(sorted(quoted.values(), key=lambda s: (-len(s), s))),
        patterns=tuple((t.name, t.pattern.to_regexp()) for t in named),
        ignored=frozenset(parser.ignore_tokens),
        rules=rules,
        states=states,
        end_state=end_state,
    )


def _match_order(terminal: TerminalDef) -> tuple[int, str]:
    return -terminal.priority, terminal.name


def _parse_table(
    parser: Lark, quoted: dict[str, str]
) -> tuple[tuple[Rule, ...], tuple[dict[str, int], ...], int]:
    """Return rules, states and end state of a lark parser, with states numbered from 0."""
    from lark.parsers.lalr_analysis import Shift

    table = parser.parser.parser.parser.parse_table
    start, end = table.start_states["module"], table.end_states["module"]
    number = {start: 0}
    order = [start]
    rules: dict[LarkRule, int] = {}
    states: list[dict[str, int]] = []
    for state in order:  # grows in the loop: the order does not depend on lark's, which varies
        row: dict[str, int] = {}
        for symbol, (action, target) in sorted(table.states[state].items(), key=lambda i: i[0]):
            if action is Shift:
                if target not in number:
                    number[target] = len(order)
                    order.append(target)
                row[quoted.get(symbol, symbol)] = number[target]
            else:
                row[quoted.get(symbol, symbol)] = -rules.setdefault(target, len(rules)) - 1
        states.append(row)
    return tuple(_rule(r) for r in rules), tuple(states), number[end]


def _rule(rule: LarkRule) -> Rule:
    origin, size = str(rule.origin.name), len(rule.expansion)
    passes = rule.options.expand1 and rule.alias is None and size == 1
    return Rule(origin, None if passes else rule.alias or origin, size)


def _to_json(tables: Tables) -> bytes:
    content = {
        "spellings": tables.spellings,
        "patterns": tables.patterns,
        "ignored": sorted(tables.ignored),
        "rules": [[r.origin, r.handler, r.size] for r in tables.rules],
        "states": tables.states,
        "end_state": tables.end_state,
    }
    return json.dumps(content).encode()


def _from_json(content: bytes) -> Tables:
    data = json.loads(content)
    return Tables(
        spellings=tuple(data["spellings"]),
        patterns=tuple((name, pattern) for name, pattern in data["patterns"]),
        ignored=frozenset(data["ignored"]),
        rules=tuple(Rule(*rule) for rule in data["rules"]),
        states=tuple(data["states"]),
        end_state=data["end_state"],
    )
