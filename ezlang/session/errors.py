"""The failures of a session, one constructor each. All end the run with exit code 3."""

from __future__ import annotations

from ezlang.diagnostics.diagnostic import Diagnostic, EzError, Note
from ezlang.source import Span

FAILED = 3
"""Exit code of a run that failed."""

USAGE = 2
"""Exit code of wrong usage."""


def _failed(code: str, message: str, help: str, *notes: str) -> EzError:
    return EzError(
        Diagnostic(
            code=code,
            message=message,
            span=None,
            notes=tuple(Note(message=note) for note in notes),
            help=help,
        ),
        exit_code=FAILED,
    )


def no_peer_listens(address: str, seconds: float, last: str) -> EzError:
    """Party 1 dialled until the time-out, and nobody took the call."""
    return _failed(
        "EZ5001",
        f"No other party answered at {address} within {seconds:g} seconds",
        "start party 0 with the same address, or give it more time with --timeout",
        f"the last attempt said: {last}",
    )


def no_peer_came(address: str, seconds: float, dropped: tuple[str, ...]) -> EzError:
    """Party 0 listened until the time-out, and no party came."""
    return _failed(
        "EZ5002",
        f"No other party came to {address} within {seconds:g} seconds",
        "start party 1 with the same address, or give it more time with --timeout",
        *(f"a connection was dropped: {reason}" for reason in dropped),
    )


def peer_gone(doing: str) -> EzError:
    """The connection was closed or reset."""
    return _failed(
        "EZ5003",
        f"The other party has gone: its side of the connection closed while this one {doing}",
        "look at what the other party's run said last, then start both again",
    )


def peer_silent(seconds: float, doing: str) -> EzError:
    """Nothing moved for too long."""
    return _failed(
        "EZ5004",
        f"The other party took too long: nothing has moved for {seconds:g} seconds "
        f"while this one {doing}",
        "see whether the other party still runs, or give it more time with --timeout",
    )


def not_ezlang(reason: str) -> EzError:
    """Who answers doesn't speak the protocol."""
    return _failed(
        "EZ5005",
        f"What answers at the other end is no party of ezlang: {reason}",
        "check the address and the port, and that the other party runs ezlang",
    )


def versions_differ(what: str, mine: str, theirs: str) -> EzError:
    """Both are ezlang, of versions that don't fit."""
    return _failed(
        "EZ5006",
        f"The two parties run different versions of {what}: {mine} here, {theirs} there",
        "install the same version of ezlang at both parties",
    )


def programs_differ(mine: str, theirs: str) -> EzError:
    """The params are the same, the programs aren't."""
    return _failed(
        "EZ5007",
        "The two parties run different programs",
        "give both parties the same source files; comments, layout and file names may differ",
        f"the program here has the fingerprint {mine[:16]}, the one there {theirs[:16]}",
    )


def params_differ(differences: tuple[str, ...]) -> EzError:
    """A param was set to two values."""
    one = "a param" if len(differences) == 1 else "params"
    return _failed(
        "EZ5008",
        f"The two parties set {one} differently: {', '.join(differences)}",
        "start both parties with the same --set options",
    )


def same_party(party: int, name: str) -> EzError:
    """Both want to be one and the same party."""
    return _failed(
        "EZ5009",
        f"Both sides run as party {party} ({name})",
        "start one side with --party 0 and the other with --party 1",
    )


def cannot_listen(address: str, reason: str) -> EzError:
    """The port is taken, or isn't ours to take."""
    return _failed(
        "EZ5012",
        f"Party 0 cannot listen at {address}: {reason}",
        "if the other party runs as party 0 too, start this one with --party 1; else end what uses "
        "this port, or give both parties another --address",
    )


def options_differ(name: str, mine: str, theirs: str) -> EzError:
    """The protocol is set up differently."""
    return _failed(
        "EZ5014",
        f"The two parties set the protocol up differently: {name} is {mine} here, {theirs} there",
        "run the same version of ezlang, with the same options, at both parties",
    )


def choices_differ(name: str, mine: str, theirs: str) -> EzError:
    """The programs differ, and so does an option that they depend on."""
    return _failed(
        "EZ5014",
        f"The two parties prepare the program differently: {name} is {mine} here, {theirs} there",
        f"start both parties with the same {name}",
    )


def peer_failed() -> EzError:
    """The peer did not finish, and we did."""
    return _failed(
        "EZ5015",
        "The other party did not finish its run, though this one did",
        "look at what the other party's run said last; the outputs of this run don't count",
    )


def no_dealer_answers(address: str, seconds: float, last: str) -> EzError:
    """A party dialled the dealer until the time-out."""
    return _failed(
        "EZ5030",
        f"No dealer answered at {address} within {seconds:g} seconds",
        "start `ezlang dealer` with the same address, or give it more time with --timeout",
        f"the last attempt said: {last}",
    )


def dealer_gone(why: str) -> EzError:
    """The dealer was there, and did not deal."""
    return _failed(
        "EZ5031",
        f"The dealer did not deal: {why}",
        "look at what the dealer said last, then start the dealer and both parties again",
    )


def no_dealer(reason: str) -> EzError:
    """Who answers at a dealer's address, or comes to a dealer, doesn't speak as such."""
    return _failed(
        "EZ5032",
        f"What is at the other end doesn't speak as dealers and their parties do: {reason}",
        "check the addresses: `--dealer` is where `ezlang dealer` listens, `--address` is where "
        "party 0 listens",
    )


def dealer_refused(reason: str) -> EzError:
    """The dealer won't deal for what the parties asked."""
    return _failed(
        "EZ5033",
        f"The dealer deals nothing for this run: {reason}",
        "start both parties again with the same program and options, and the same dealer",
    )


def parties_missing(address: str, seconds: float, notes: tuple[str, ...]) -> EzError:
    """The dealer waited until the time-out, and not both parties of a run came."""
    return _failed(
        "EZ5034",
        f"Not both parties of a run came to the dealer at {address} within {seconds:g} seconds",
        "start both parties with `--dealer` and this address, or give them more time with "
        "--timeout",
        *notes,
    )


def demands_unknown(why: str, span: Span) -> EzError:
    """A dealer has to know beforehand how much a run takes."""
    return EzError(
        Diagnostic(
            code="EZ5035",
            message=f"No dealer can help this program: {why}",
            span=span,
            help="leave out --dealer, so that the parties make what they need as they go",
        ),
        exit_code=USAGE,
    )


def dealer_cannot_listen(address: str, reason: str) -> EzError:
    """The port is taken, or isn't the dealer's to take."""
    return _failed(
        "EZ5012",
        f"The dealer cannot listen at {address}: {reason}",
        "end what uses this port, or give the dealer and both parties another address",
    )


def bad_address(text: str, why: str) -> EzError:
    """HOST:PORT is expected."""
    return EzError(
        Diagnostic(
            code="EZ5010",
            message=f"`{text}` is not an address: {why}",
            span=None,
            help="write HOST:PORT, for example 127.0.0.1:7800, or [::1]:7800 for IPv6",
        ),
        exit_code=USAGE,
    )


def not_on_loopback(address: str) -> EzError:
    """Plain TCP must not leave this machine unasked."""
    return EzError(
        Diagnostic(
            code="EZ5011",
            message=f"{address} is not on this machine, and the connection would be neither "
            "encrypted nor authenticated",
            span=None,
            help="use a loopback address at both ends of a tunnel that authenticates both sides, "
            "or add --insecure if nobody else can reach this network",
        ),
        exit_code=USAGE,
    )
