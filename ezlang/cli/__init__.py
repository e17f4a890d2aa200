"""The command line: one file for each command that `ezlang --help` lists.

Outputs go to standard output, everything else to standard error. A command imports its dependencies
when it runs, so that `--help` answers at once.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from signal import SIGINT

import click

from ezlang import __version__
from ezlang.diagnostics.diagnostic import EzError

from .calibrate import calibrate
from .check import check
from .check_record import check_record
from .cost import cost
from .dealer import dealer
from .doc import doc
from .explain import explain
from .fmt import fmt
from .from_ezpc import from_ezpc
from .headroom import headroom
from .importing import import_
from .ir import ir
from .leaks import leaks
from .lsp import lsp
from .new import new
from .party import party
from .playground import playground
from .plot import plot
from .prepare import prepare
from .report import (
    BUG,
    Voice,
    show_bug,
    show_diagnostics,
    show_failure,
    skipped_passes_shown,
    speaking,
)
from .run import run
from .test import test
from .trace import trace
from .validate import validate
from .verify import verify

FAILED = 3
INTERRUPTED = 128 + SIGINT


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ezlang", message="%(prog)s %(version)s")
def app() -> None:
    """Ez: compute on data that no single party may see."""


_COMMANDS = (
    check,
    run,
    prepare,
    test,
    trace,
    party,
    dealer,
    cost,
    plot,
    calibrate,
    headroom,
    leaks,
    ir,
    fmt,
    new,
    import_,
    from_ezpc,
    validate,
    verify,
    check_record,
    doc,
    explain,
    lsp,
    playground,
)

for _command in _COMMANDS:
    app.add_command(_command)


def run_command(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; every failure is one or more sentences."""
    with speaking(Voice.TEXT):
        return _run_command(arguments)


def _run_command(arguments: Sequence[str] | None) -> int:
    try:
        with skipped_passes_shown():
            code = app.main(arguments, prog_name="ezlang", standalone_mode=False)
    except EzError as error:
        show_diagnostics(error.diagnostics)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except MemoryError:
        show_failure("There is not enough memory for this.")
        return FAILED
    except OSError as error:
        if error.errno != errno.ENOSPC:
            show_bug(error)
            return BUG
        show_failure("The output could not be written: there is no space left on the device.")
        return FAILED
    except Exception as error:  # any exception that was not foreseen is a bug of ezlang
        show_bug(error)
        return BUG
    return code if isinstance(code, int) else 0
