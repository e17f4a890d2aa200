"""The numbers of parties that executors and protocols are for."""

from __future__ import annotations

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.types.sharing import Sharing

PARTIES = 2
_NUMBERS = {1: "one", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight"}


def require_form(parties: tuple[str, ...], protocol: str) -> None:
    """Reject Yao's protocol for programs without exactly two parties. Raises EzError."""
    if protocol == Sharing.YAO.value and len(parties) != PARTIES:
        raise _refused(
            f"Yao's protocol is for two parties, and this program has {_written(parties)}",
            "leave out --protocol, or choose `boolean` or `arithmetic`",
        )


def require_two_parties(parties: tuple[str, ...], what: str) -> None:
    """Reject programs without exactly two parties for `what`, which is for two. Raises EzError."""
    if len(parties) != PARTIES:
        raise _refused(
            f"{what} is for programs of two parties, and this one has {_written(parties)}",
            "leave it out",
        )


def require_several_parties(parties: tuple[str, ...]) -> None:
    """Reject programs of one party for native runs. Raises EzError."""
    if len(parties) < PARTIES:
        raise _refused(
            "Native code runs programs of two or more parties, and this one has one",
            "run it simulated: `ezlang run` without --native and --party",
        )


def require_all_compute(clients: tuple[str, ...], what: str) -> None:
    """Reject programs with clients for `what`, which shows parties that compute. Raises EzError."""
    if clients:
        raise _refused(
            f"{what} is for programs whose parties all compute, and this one has clients",
            "leave out `compute` to see the protocols among all parties, or run it simulated",
        )


def _written(parties: tuple[str, ...]) -> str:
    return _NUMBERS.get(len(parties), str(len(parties)))


def _refused(message: str, help: str) -> EzError:
    return EzError(Diagnostic(code="EZ5013", message=message, span=None, help=help), exit_code=2)
