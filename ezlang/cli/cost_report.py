"""The report of `ezlang cost`, as text and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, assert_never

from .output import counted, duration, listed, together
from .tables import HEAD, INDENT, QUIET, Sheet

if TYPE_CHECKING:
    from ezlang.api import CostReport
    from ezlang.compiler.cost.summary import Cost, SourceLine
    from ezlang.compiler.cost.walk import RevealedControl
    from ezlang.compiler.passes.assign import Explained, Explanation, Solution
    from ezlang.compiler.protocols.core.preprocessing import Unit
    from ezlang.executors.native.costs import Prepared

SHOWN_LINES: Final = 5
"""The number of program lines that are shown without `--lines`."""

_PAIR: Final = 2
_NAMES: Final = 12
"""The columns for the names of totals."""
_PROTOCOL_CHOICES: Final = {
    "auto": "each secret in the cheapest sharing",
    "yao": "secrets in Yao's garbled circuits",
    "boolean": "secrets in boolean sharing",
    "arithmetic": "arithmetic sharing where possible, else boolean",
}


def cost_lines(report: CostReport, *, every_line: bool, styled: bool = False) -> list[str]:
    """Return the lines of the text, with escape codes if it is `styled`."""
    sheet = Sheet(styled=styled)
    chosen = _PROTOCOL_CHOICES[report.protocol]
    sheet.text(f"{listed(report.parties)}, {chosen}; network {report.profile.name}")
    sheet.gap()
    _add_totals(sheet, report)
    sheet.gap()
    phases = [(phase, *_cells(report, total)) for phase, total in report.phases.items()]
    _add_table(sheet, "by phase", _named(report, {}), phases)
    lines = report.lines if every_line else report.lines[:SHOWN_LINES]
    if lines:
        sheet.gap()
        title = "by line, most expensive first"
        rows = [_line_row(report, *line) for line in lines]
        _add_table(sheet, title, _named(report, {}), rows)
        left = len(report.lines) - len(lines)
        if left:
            sheet.text(f"{INDENT}{counted(left, 'more line')}: see --lines", style=QUIET)
    if report.unknown:
        sheet.gap()
        _add_unknown(sheet, report)
    if report.explained is not None and report.explained.operations:
        sheet.gap()
        _add_explanations(sheet, report, report.explained)
    return sheet.lines


def _add_totals(sheet: Sheet, report: CostReport) -> None:
    least, most = report.least, report.most
    said = "" if report.is_exact else "at least "

    def row(name: str, amount: str, more: str = "") -> None:
        text = f"{INDENT}{name:<{_NAMES}}{amount}{'   ' + more if more else ''}"
        sheet.text(text, hanging=_NAMES if name else 0, head=len(INDENT) + len(name))

    digits = max(len(f"{sent:,}") for sent in _named(report, least.bytes_sent).values())
    rounds = f"{said}{least.rounds:,}"
    if most is not None and most != least:
        rounds += f", at most {most.rounds:,}"
    row("rounds", rounds)
    highest = {} if most is None else _named(report, most.bytes_sent)
    for number, (name, count) in enumerate(_named(report, least.bytes_sent).items()):
        sent = f"{said}{count:>{digits},}"
        if most is not None and most != least:
            sent += f", at most {highest[name]:,}"
        row("bytes" if number == 0 else "", f"{sent} sent by {name}")
    if least.ands:
        row("AND gates", f"{said}{least.ands:,}", f"{least.tables:,} bytes of tables")
    if len(report.computing) > _PAIR and any(least.ots_made.values()):
        used, made = (sum(amounts.values()) for amounts in (least.ots, least.ots_made))
        row("OTs", f"{said}{used:,} among all pairs", f"{made:,} made")
    for link, made in least.ots_made.items():
        if made and len(report.computing) <= _PAIR:
            sender, receiver = (report.parties[party] for party in link)
            taken = f"{said}{least.ots[link]:,}"
            row("OTs", f"{taken} from {sender} to {receiver}", f"{made:,} made")
    for name, amount in units_by_name(least).items():
        row("", f"{said}{amount:,} {name}")
    if report.dealt is not None:
        row("dealer", f"{report.dealt:,} bytes sent to {report.parties[1]} before the run")
    if report.prepared is not None:
        _add_prepared(row, report, report.prepared, digits)
    servers = len(report.computing)
    sizes = {name: report.memory[party] for party, name in enumerate(report.computing)}
    if servers < len(report.parties):
        sizes["each client"] = max(
            size for party, size in report.memory.items() if party >= servers
        )
    memory = ", ".join(f"{name} {size / 1e6:,.0f} MB" for name, size in sizes.items())
    row("memory", f"about {memory}")
    profile = report.profile
    how = f"{duration(profile.rtt)} a round trip, {profile.bandwidth * 8 / 1e6:,.0f} Mbit/s"
    row("time", f"about {said}{duration(least.seconds(profile))}", how)


def _add_prepared(
    row: Callable[[str, str], None], report: CostReport, prepared: Prepared, digits: int
) -> None:
    """Add what is made before the run, and what each party stores."""
    making, stored = prepared.making, _named(report, prepared.stored)
    if making is None:
        row("stored", ", ".join(f"{size:,} bytes at {name}" for name, size in stored.items()))
        return
    row("prepared", f"{making.rounds:,} rounds before the run, by `ezlang prepare`")
    for name, sent in _named(report, making.bytes_sent).items():
        row("", f"{sent:>{digits},} sent by {name}, which stores {stored[name]:,}")
    row("", f"about {duration(making.seconds(report.profile))}")


def units_by_name(total: Cost) -> dict[str, int]:
    """Return the units of preprocessing that are used, by what users call them."""
    return dict(sorted((_unit_name(unit), n) for unit, n in total.preprocessing.items()))


def _unit_name(unit: Unit) -> str:
    from ezlang.compiler.protocols.core import preprocessing as units

    match unit:
        case units.BitTriple():
            return "bit triples"
        case units.BitPair():
            return "pairs of bit triples"
        case units.RingTriple(bits=bits):
            return f"triples of {bits} bits"
        case units.RingSquare(bits=bits):
            return f"squares of {bits} bits"
        case units.MatrixTriple(bits=bits, rows=m, inner=k, columns=n):
            return f"triples of matrices {m}×{k}×{n} of {bits} bits"
        case units.ConvolutionTriple():
            images, filters = ("×".join(map(str, shape)) for shape in unit.shapes[:2])
            return f"triples of images {images} and filters {filters} of {unit.bits} bits"
        case units.OwnedTriple(product=product):
            return f"{_unit_name(product)}, with a factor of each party"
        case units.MaskedTriple(owned=owned):
            return f"{_unit_name(owned)}, by mask {unit.number}"
        case units.Mask(bits=bits, size=size):
            return f"masks of {size} numbers of {bits} bits"
        case units.RandomBit(bits=bits):
            return f"bits shared both ways, of {bits} bits"
        case units.OneHot(bits=bits, entries=entries):
            return f"one-hot vectors of {entries} numbers of {bits} bits"
        case _:
            assert_never(unit)


def _line_row(report: CostReport, line: SourceLine, total: Cost) -> tuple[str, ...]:
    if line.source is None:
        return ("the session", *_cells(report, total))
    place = str(line.number)
    if line.source.name != report.name:
        place = f"{line.source.name}:{place}"
    return (f"{place:>4} | {line.text}", *_cells(report, total))


def _cells(report: CostReport, total: Cost) -> tuple[str, ...]:
    sent = _named(report, total.bytes_sent).values()
    numbers = (total.rounds, *sent, total.ands, max(total.ots.values()))
    return (*(f"{n:,}" if n else "-" for n in numbers), duration(total.seconds(report.profile)))


def _add_table(
    sheet: Sheet, title: str, parties: Iterable[str], rows: Sequence[tuple[str, ...]]
) -> None:
    """Add a table without its empty columns."""
    head = (title, "rounds", *(f"{name}\nsends" for name in parties), "ANDs", "OTs", "time")
    kept = [
        number
        for number in range(len(head))
        if number < 2 or any(row[number] != "-" for row in rows)
    ]
    head, *rows = [tuple(row[number] for number in kept) for row in (head, *rows)]
    sheet.numbers(head, rows)


def _add_unknown(sheet: Sheet, report: CostReport) -> None:
    sheet.text("  The cost depends on revealed values:")
    for unknown, sums in report.unknown:
        place = f"line {unknown.span.line}"
        if unknown.span.source.name != report.name:
            place += f" of {unknown.span.source.name}"
        if unknown.control.value == "loop":
            turns = f"{unknown.iterations:,} iterations" if unknown.iterations > 1 else "iteration"
            text = f"  - per {turns} of the loop at {place}: {_sum_text(report, sums[0])}"
        else:
            sides = "; otherwise ".join(_sum_text(report, one) for one in sums)
            text = f"  - if the branch at {place} is taken: {sides}"
        sheet.text(text, hanging=2)


def _sum_text(report: CostReport, total: Cost) -> str:
    parts = [counted(total.rounds, "round")]
    parts += [
        f"{counted(sent, 'byte')} from {name}"
        for name, sent in _named(report, total.bytes_sent).items()
    ]
    return ", ".join(parts)


def _named(report: CostReport, amounts: Mapping[int, int]) -> dict[str, int]:
    """Return the amounts of all parties by their names, and the sum of those of all clients."""
    clients = len(report.parties) - len(report.computing)
    return together(_by_party(report, amounts), clients)


def _by_party(report: CostReport, amounts: Mapping[int, int]) -> dict[str, int]:
    """Return the amounts of all parties by their names."""
    return {name: amounts.get(party, 0) for party, name in enumerate(report.parties)}


def _add_explanations(sheet: Sheet, report: CostReport, explained: Explained) -> None:
    """Add, for each line of the program, the chosen sharings and the cost of the alternatives."""
    title = "  why each sharing was chosen, and how much longer the run takes with others:"
    sheet.text(title, style=HEAD)
    by_line: dict[str, dict[str, int]] = {}
    for one in sorted(explained.operations, key=lambda one: (one.span.source.name, one.span.start)):
        others = ", ".join(
            f"{sharing.value} {'+' if more >= 0 else '-'}{duration(abs(more))}"
            for sharing, more in one.alternatives.items()
        )
        why = "as the program asks" if one.asked else others or "there is no alternative"
        text = f"{_written(one)} {one.sharing.value}, {duration(one.seconds)}: {why}"
        place = str(one.span.line)
        if one.span.source.name != report.name:
            place = f"{one.span.source.name}:{place}"
        said = by_line.setdefault(f"{place:>6} | {one.span.source.line(one.span.line).strip()}", {})
        said[text] = said.get(text, 0) + 1
    for line, said in by_line.items():
        sheet.text(line, hanging=5)
        for text, count in said.items():
            sheet.text(f"           {text}{f' ({count} times)' if count > 1 else ''}", hanging=2)
    if report.protocol == "auto":
        sheet.text(f"  {_bound_text(explained.solution)}")


def _bound_text(solution: Solution) -> str:
    """State how good a choice is according to the model that made it."""
    taken, least = duration(solution.seconds), duration(solution.bound)
    said = f"according to the model, this choice takes {taken}, and no"
    if solution.exact or taken == least:
        return f"{said} other choice takes less"
    return f"{said} choice takes less than {least}"


_LONGEST_TEXT: Final = 32
_WORDS: Final = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "mod": "%",
    "shl": "<<",
    "shr": ">>",
    "and": "&",
    "or": "|",
    "xor": "^",
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "neg": "-",
    "bitnot": "~",
    "not": "!",
    "select": "a choice",
    "reduce add": "a sum",
    "matrix_product": "a product of matrices",
}
"""What operations of the IR are called in a program, where that is another word."""


def _written(one: Explanation) -> str:
    """Return an operation as the program has it; if that is long, its operator and the begin."""
    text, kind = " ".join(one.span.text.split()), _kind(one)
    # What happens to an expression has the same place as the expression.
    done = f"{kind} " if kind in ("reveal", "convert", "relabel") else ""
    if len(text) <= _LONGEST_TEXT:
        return f"{done}`{text}`"
    return f"{done or f'{_WORDS.get(kind, kind)} in '}`{text[: _LONGEST_TEXT - 8].rstrip()}…`"


def _kind(one: Explanation) -> str:
    """Return the short name of an operation: its kind if it has one, such as `mul`."""
    name, _, attributes = one.operation.split(" = ")[-1].split()[0].partition("[")
    for attribute in attributes.rstrip("]").split(","):
        if attribute.startswith("kind="):
            kind = attribute.removeprefix("kind=")
            return kind if name in ("binary", "unary") else f"{name} {kind}"
    return name


def _explained_object(explained: Explained | None) -> dict[str, Any]:
    if explained is None:
        return {"explanations": [], "bound": None}
    solution = explained.solution
    return {
        "explanations": [_explanation_object(one) for one in explained.operations],
        "bound": {
            "seconds": round(solution.seconds, 9),
            "at_least": round(solution.bound, 9),
            "exact": solution.exact,
        },
    }


def _explanation_object(one: Explanation) -> dict[str, Any]:
    return {
        "file": one.span.source.name,
        "line": one.span.line,
        "operation": one.operation,
        "sharing": one.sharing.value,
        "seconds": round(one.seconds, 9),
        "alternatives": {s.value: round(more, 9) for s, more in one.alternatives.items()},
        "asked": one.asked,
    }


def cost_object(report: CostReport) -> dict[str, Any]:
    """Return a whole report as a JSON object."""
    return {
        "parties": list(report.parties),
        "protocol": report.protocol,
        "network": asdict(report.profile),
        "exact": report.is_exact,
        "totals": _object(report, report.least),
        "most": None if report.most is None else _object(report, report.most),
        "memory": _by_party(report, report.memory),
        **({} if report.dealt is None else {"dealt": report.dealt}),
        **_prepared_object(report),
        "phases": {phase: _object(report, total) for phase, total in report.phases.items()},
        "lines": [
            {
                "file": None if line.source is None else line.source.name,
                "line": line.number,
                "text": line.text,
                **_object(report, total),
            }
            for line, total in report.lines
        ],
        "unknown": [_unknown_object(report, *one) for one in report.unknown],
        **_explained_object(report.explained),
    }


def _prepared_object(report: CostReport) -> dict[str, Any]:
    if report.prepared is None:
        return {}
    stored = _named(report, report.prepared.stored)
    making = report.prepared.making
    made = {} if making is None else {"making": _object(report, making)}
    return {"prepared": {"stored": stored} | made}


def _object(report: CostReport, total: Cost) -> dict[str, Any]:
    from ezlang.compiler.cost.summary import by_sender

    return {
        "rounds": total.rounds,
        "bytes": _by_party(report, total.bytes_sent),
        "ands": total.ands,
        "table_bytes": total.tables,
        "ots": _by_party(report, by_sender(total.ots)),
        "ots_made": _by_party(report, by_sender(total.ots_made)),
        "preprocessing": units_by_name(total),
        "seconds": round(total.seconds(report.profile), 9),
    }


def _unknown_object(
    report: CostReport, unknown: RevealedControl, sums: tuple[Cost, ...]
) -> dict[str, Any]:
    return {
        "kind": unknown.control.value,
        "file": unknown.span.source.name,
        "line": unknown.span.line,
        "iterations": unknown.iterations,
        "costs": [_object(report, total) for total in sums],
    }
