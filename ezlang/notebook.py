"""`%%ez` in notebooks: a cell in Ez is checked, and run on the notebook's variables.

`%load_ext ezlang` loads it. `%%ez?` says what it takes. Errors of a program are shown with the
lines that they refer to, in colour, and stop the notebook like any other error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from IPython.display import display

from ezlang.cli.cost_report import cost_lines
from ezlang.cli.leaks_report import leak_lines
from ezlang.cli.options import parse_settings
from ezlang.cli.output import counted
from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.programs import Program, Result, loads
from ezlang.trace import Trace
from ezlang.types.sharing import DEFAULT_NETWORK, DEFAULT_PROTOCOL, PROTOCOL_CHOICES
from ezlang.values.names import USAGE, party_number

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


@magics_class
class EzMagics(Magics):
    """The magics of ezlang."""

    @magic_arguments()
    @argument("name", nargs="?", default="program", help="The variable for the program.")
    @argument("--set", dest="settings", action="append", default=[], metavar="NAME=VALUE")
    @argument("--check", action="store_true", help="Check the program, and don't run it.")
    @argument("--clear", action="store_true", help="Evaluate in the clear.")
    @argument("--native", action="store_true", help="Run native code, a process for each party.")
    @argument("--party", help="Be this party alone; the other runs the same cell elsewhere.")
    @argument("--address", metavar="HOST:PORT", help="Where party 0 listens and party 1 dials.")
    @argument("--insecure", action="store_true", help="Allow an address off this machine.")
    @argument("--timeout", type=float, help="How many seconds to wait for the other party.")
    @argument("--seed", type=int, help="Make a simulated run reproducible.")
    @argument("--protocol", choices=PROTOCOL_CHOICES, default=DEFAULT_PROTOCOL)
    @argument("--network", default=DEFAULT_NETWORK, metavar="PROFILE")
    @argument("--leaks", action="store_true", help="Print what a run releases, and to whom.")
    @argument("--cost", action="store_true", help="Print what a run between two parties costs.")
    @argument("--trace", action="store_true", help="Play the run on a page in the notebook.")
    @argument("--into", default="result", metavar="NAME", help="The variable for the result.")
    @cell_magic
    def ez(self, line: str, cell: str) -> Result | Program:
        """Check a program in Ez and run it, simulated; its result is the cell's value.

        The inputs of a party `alice` are in the variable `alice`, a dict, which may have more. One
        that isn't there, and that no other party is asked for, is the variable with its own name.
        The program is the variable NAME afterwards, which can be called with other inputs; the
        result is `result`.
        """
        asked = parse_argstring(self.ez, line)
        program = loads(cell, "cell.ez", **parse_settings(tuple(asked.settings)))
        assert self.shell is not None, "a kernel made the magics"
        variables: dict[str, Any] = self.shell.user_ns
        variables[asked.name] = program
        if asked.leaks:
            print("\n".join(leak_lines("cell.ez", program.leaks())))
        if asked.cost:
            report = program.cost(protocol=asked.protocol, network=asked.network)
            print("\n".join(cost_lines(report, every_line=False)))
        if asked.check:
            return program
        if asked.trace:
            inputs = {party: _inputs(program, party, variables) for party in program.parties}
            choice = {"protocol": asked.protocol, "network": asked.network, "seed": asked.seed}
            display(program.trace(inputs, **choice))
        result = self._run(program, asked, variables)
        variables[asked.into] = result
        return result

    def _run(self, program: Program, asked: Any, variables: Mapping[str, Any]) -> Result:
        choice = {"protocol": asked.protocol, "network": asked.network, "timeout": asked.timeout}
        if asked.party is not None:
            party = program.parties[party_number(program.parties, asked.party)]
            inputs = _inputs(program, party, variables)
            return program.run_party(
                party, inputs, address=asked.address, insecure=asked.insecure, warn=print, **choice
            )
        how = "clear" if asked.clear else "native" if asked.native else "simulated"
        everything = {party: _inputs(program, party, variables) for party in program.parties}
        return program.run(everything, how=how, seed=asked.seed, **choice)


def _inputs(program: Program, party: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return a party's inputs from the variables of a notebook."""
    own = variables.get(party, {})
    if not isinstance(own, Mapping):
        raise EzError(
            Diagnostic(
                code="EZ4105",
                message=f"The variable `{party}` is no dict of {party}'s inputs",
                span=None,
                help=f'write {party} = {{"name": value, …}}, or name the variable otherwise',
            ),
            exit_code=USAGE,
        )
    asked = Counter(name for inputs in program.inputs.values() for name in inputs)
    alone = {name: variables[name] for name in variables if asked[name] == 1}
    known = {**alone, **own}
    return {name: known[name] for name in program.inputs[party] if name in known}


def frame_of(trace: Trace) -> str:
    """Return a trace as HTML: a frame with the page that plays it, which loads nothing else."""
    page = escape(trace.page())
    return (
        f'<iframe title="trace" style="width:100%;height:46rem;border:0" srcdoc="{page}"></iframe>'
    )


def html_of(result: Result) -> str:
    """Return a result as an HTML table: what each party was told, and what the run took."""
    rows = "".join(
        f"<tr><th scope='row'>{escape(party)}</th><td>{escape(name)}</td>"
        f"<td><pre style='margin:0'>{escape(repr(value))}</pre></td></tr>"
        for party, own in result.outputs.items()
        for name, value in own.items()
    )
    head = "<tr><th>party</th><th>output</th><th>value</th></tr>"
    return f"<table>{head}{rows}</table><p>{escape('; '.join(_taken(result)))}.</p>"


def _taken(result: Result) -> Iterator[str]:
    cost = result.cost
    if cost is not None:
        yield counted(cost.rounds, "round")
        if hasattr(cost, "bytes"):
            yield "bytes sent: " + ", ".join(
                f"{name} {sent:,}" for name, sent in cost.bytes.items()
            )
        else:
            yield f"{cost.bytes_sent:,} bytes sent, {cost.bytes_received:,} received"
    yield ", ".join(f"{part} {seconds:.2f} s" for part, seconds in result.seconds.items())


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register `%%ez`: what `%load_ext ezlang` calls."""
    shell.register_magics(EzMagics)
    if shell.display_formatter is not None:
        html = shell.display_formatter.formatters["text/html"]
        html.for_type(Result, html_of)
        html.for_type(Trace, frame_of)
