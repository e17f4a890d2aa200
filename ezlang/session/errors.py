"""The failures of a session, with one constructor for each. All end the run with exit code 3."""

from __future__ import annotations

from collections.abc import Sequence

from ezlang.compiler.ir.sharings import PAIRED
from ezlang.diagnostics.diagnostic import Diagnostic, EzError, Note
from ezlang.source import Span

FAILED = 3
"""The exit code for a run that failed."""

USAGE = 2
"""The exit code for wrong usage."""


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


def _usage(code: str, message: str, help: str | None) -> EzError:
    return EzError(Diagnostic(code=code, message=message, span=None, help=help), exit_code=USAGE)


def no_peer_listens(
    party: int, names: Sequence[str], address: str, seconds: float, last: str
) -> EzError:
    """A party was dialled until the time-out, and nobody answered."""
    return _failed(
        "EZ5001",
        f"{_some_of((party,), names)} answered at {address} within {seconds:g} seconds",
        f"start party {party} with the same address, or give it more time with --timeout",
        f"the last attempt said: {last}",
    )


def no_peer_came(
    address: str,
    seconds: float,
    names: Sequence[str],
    missing: Sequence[int],
    dropped: tuple[str, ...],
) -> EzError:
    """This party listened until the time-out, and others didn't connect."""
    listed = " and ".join(f"party {one}" for one in missing)
    return _failed(
        "EZ5002",
        f"{_some_of(missing, names)} connected to {address} within {seconds:g} seconds",
        f"start {listed} with the same address, or give it more time with --timeout",
        *(f"a connection was dropped: {reason}" for reason in dropped),
    )


def _some_of(missing: Sequence[int], names: Sequence[str]) -> str:
    """Return who isn't there, as the subject of a sentence."""
    if len(names) == PAIRED:
        return "No other party"
    listed = [f"party {one} ({names[one]})" for one in missing]
    return f"No {listed[0]}" if len(listed) == 1 else f"Neither {' nor '.join(listed)}"


OTHER = "The other party"


def peer_gone(doing: str, who: str = OTHER) -> EzError:
    """The connection was closed or reset."""
    return _failed(
        "EZ5003",
        f"{who} disconnected: its side of the connection closed while this one {doing}",
        "read the last message of the other party's run, then start both again"
        if who == OTHER
        else "read the last messages of all parties' runs, then start all again",
    )


def peer_silent(seconds: float, doing: str, who: str = OTHER) -> EzError:
    """No byte was transferred for too long."""
    return _failed(
        "EZ5004",
        f"{who} took too long: nothing was transferred for {seconds:g} seconds while "
        f"this one {doing}",
        "check whether that party still runs, or give it more time with --timeout",
    )


def data_lost(who: str = OTHER) -> EzError:
    """What arrived is not what was sent."""
    return _failed(
        "EZ5018",
        f"Data were lost or changed on the way: what arrived is not what {who[0].lower()}{who[1:]} "
        "sent",
        "see what is between the two machines, then start all parties again",
    )


class UnansweredError(EzError):
    """The peer closed the connection before it had said anything."""


def unanswered() -> UnansweredError:
    """The connection was closed before the peer had said anything."""
    found = _failed(
        "EZ5003",
        "The other party disconnected without a word",
        "read the other side's last message. One side may expect TLS with keys that are pinned in "
        "its parties.toml, and the other may not",
    )
    return UnansweredError(*found.diagnostics, exit_code=FAILED)


def greeting_late(seconds: float | None = None) -> EzError:
    """A greeting wasn't done in time, whether or not bytes arrived."""
    limit = "in time" if seconds is None else f"within {seconds:.3g} seconds"
    return _failed(
        "EZ5004",
        f"The other party took too long: its greeting was not complete {limit}",
        "check that the other party runs ezlang, and that nothing else uses its port",
    )


def not_ezlang(reason: str) -> EzError:
    """The program at the other end doesn't speak the protocol."""
    return _failed(
        "EZ5005",
        f"The program at the other end is not a party of ezlang: {reason}",
        "check the address and the port, and that the other party runs ezlang",
    )


def versions_differ(what: str, mine: str, theirs: str) -> EzError:
    """Both parties run ezlang, but in incompatible versions."""
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
    """A param has two different values."""
    one = "a param" if len(differences) == 1 else "params"
    return _failed(
        "EZ5008",
        f"The two parties set {one} differently: {'; '.join(differences)}",
        "start both parties with the same --set options",
    )


def inputs_differ(name: str, own: str, other: str) -> EzError:
    """The parties give different values of an input that is the same for all."""
    return _failed(
        "EZ4112",
        f"All parties give the same `{name}`, but {own}, and {other}",
        "agree on the value, and give it in every party's file",
    )


def same_party(party: int, name: str) -> EzError:
    """Two processes run as the same party."""
    return _failed(
        "EZ5009",
        f"Both sides run as party {party} ({name})",
        "start each side with a --party of its own",
    )


def other_party(address: str, names: Sequence[str], wanted: int, found: int) -> EzError:
    """Another party than the expected one listens at an address."""
    return _failed(
        "EZ5009",
        f"Party {found} ({names[found]}) listens at {address}, where party {wanted} "
        f"({names[wanted]}) should",
        "give all parties the same --address",
    )


def cannot_listen(party: int, address: str, reason: str) -> EzError:
    """The port is taken, or reserved."""
    return _failed(
        "EZ5012",
        f"Party {party} cannot listen at {address}: {reason}",
        f"if another process runs as party {party} too, start this one as another party, such as "
        f"--party {party + 1}; otherwise stop the program that uses this port, or give all parties "
        "another --address",
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
    """This party finished, but the peer did not."""
    return _failed(
        "EZ5015",
        "The other party did not finish its run, though this one did",
        "read the last message of the other party's run; the outputs of this run don't count",
    )


def states_differ(why: str) -> EzError:
    """The two sides of a validation in batches can't go on together."""
    return _failed(
        "EZ5040",
        f"The states of the two sides don't fit: {why}",
        "if the right state is lost, delete the file that --state names at both sides, and begin "
        "anew",
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
        "read the dealer's last message, then start the dealer and both parties again",
    )


def no_dealer(reason: str) -> EzError:
    """The program at a dealer's address, or a caller of the dealer, doesn't speak its protocol."""
    return _failed(
        "EZ5032",
        f"The program at the other end does not speak the protocol of the dealer: {reason}",
        "check the addresses: `--dealer` is where `ezlang dealer` listens, `--address` is where "
        "party 0 listens",
    )


def dealer_refused(reason: str) -> EzError:
    """The dealer refuses the request of the parties."""
    return _failed(
        "EZ5033",
        f"The dealer refuses this run: {reason}",
        "start both parties again with the same program and options, and the same dealer",
    )


def parties_missing(address: str, seconds: float, notes: tuple[str, ...]) -> EzError:
    """The dealer waited until the time-out for both parties of a run."""
    return _failed(
        "EZ5034",
        f"The dealer at {address} did not hear from both parties of a run within {seconds:g} "
        "seconds",
        "start both parties with `--dealer` and this address, or give them more time with "
        "--timeout",
        *notes,
    )


def demands_unknown(why: str, span: Span) -> EzError:
    """The dealer cannot know in advance how much preprocessing a run takes."""
    return EzError(
        Diagnostic(
            code="EZ5035",
            message=f"No dealer can help this program: {why}",
            span=span,
            help="leave out --dealer, so that the parties make their preprocessing as they go",
        ),
        exit_code=USAGE,
    )


def dealer_cannot_listen(address: str, reason: str) -> EzError:
    """The port is taken, or reserved."""
    return _failed(
        "EZ5012",
        f"The dealer cannot listen at {address}: {reason}",
        "stop the program that uses this port, or give the dealer and both parties another address",
    )


def bad_address(text: str, why: str) -> EzError:
    """The text is not of the form HOST:PORT."""
    return _usage(
        "EZ5010",
        f"`{text}` is not an address: {why}",
        "write HOST:PORT, for example 127.0.0.1:7800, or [::1]:7800 for IPv6",
    )


def not_on_loopback(address: str) -> EzError:
    """A plain TCP connection may leave this machine only if that is asked for."""
    return _usage(
        "EZ5011",
        f"{address} is not on this machine, and the connection would be neither encrypted nor "
        "authenticated",
        "let both sides know each other's keys: `ezlang party init NAME`; or add --insecure if "
        "nobody else can reach this network",
    )


def peer_refused(reason: str) -> EzError:
    """The peer is not the one whose key is pinned, or doesn't know this side."""
    return _failed(
        "EZ5050",
        f"The other end is not accepted as the other party: {reason}",
        "check on the phone that both sides have pinned each other's keys: `ezlang party list` "
        "shows the fingerprints",
    )


def posed(side: str, party: str) -> EzError:
    """A side with a pinned key says that it is a party which another side is."""
    return peer_refused(f"it has the key of {side}, and says that it is {party}")


def no_key(message: str, help: str | None = None) -> EzError:
    """This side has no key of its own that it may use."""
    return _usage("EZ5051", message, help or "make a key with `ezlang party init NAME`")


def bad_card(message: str, help: str | None = None) -> EzError:
    """A card, or a name on it, isn't accepted."""
    return _usage(
        "EZ5052", message, help or "ask the other side for the card that `ezlang party init` wrote"
    )


def bad_parties(message: str, help: str | None = None) -> EzError:
    """The file parties.toml doesn't say what a run needs."""
    return _usage("EZ5053", message, help)


def not_approved(message: str, help: str) -> EzError:
    """Nobody has agreed that this side runs the program."""
    return _usage("EZ5054", message, help)
