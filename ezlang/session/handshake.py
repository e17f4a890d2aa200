"""The handshake: before anything secret is sent, both parties show what they are about to run.

Each side sends a *hello*, a frame (`framing.py`) of at most `LONGEST` bytes with version, party,
fingerprint of the program, params, choices, options and the inputs of all, and reads the other's:
first the side that dials, then the side that listens, which tells a stranger nothing. Both compare
them, and reach the same verdict.

The fingerprint is a hash of the program after checking, including its params and sizes, independent
of the names and the layout of its files. Params are compared first, one by one, so that a
difference in them is named. If fingerprints differ, the choices by which the program was prepared
are compared next. A hello proves nothing about its sender.
"""

from __future__ import annotations

import contextlib
from dataclasses import field
from typing import Any, Final

from ezlang.build import build
from ezlang.compiler.kernels.context import CHUNK
from ezlang.compiler.protocols.homomorphic.parameters import STATISTICAL_BITS
from ezlang.compiler.protocols.ot.stock import GROUP_BITS
from ezlang.compiler.protocols.yao.session import BIT_BUFFER
from ezlang.diagnostics.diagnostic import EzError
from ezlang.records import dataclass

from . import errors
from .channel import SocketChannel
from .framing import FrameFormat, is_hash, is_one_of, is_short_text, plain

MAGIC: Final = b"ezlang\xf5\x0a"
PROTOCOL: Final = 5
LONGEST: Final = 1 << 16
_FORM: Final = FrameFormat(
    magic=MAGIC, protocol=PROTOCOL, longest=LONGEST, stranger=errors.not_ezlang
)

KAPPA: Final = 128
"""The computational security parameter: see docs/threat-model.md."""

RECORDS: Final = "records of the run"
"""The name of the option that says whether parties record a run, which all or none of them do."""

PREPARES: Final = "number of runs to prepare"
"""The name of the option by which preparing runs, and running, are told apart."""

DEALERS: Final = "number of dealers"
"""The name of the option that says whether the two parties that compute have a dealer."""

Number = int | bool
OPTIONS: Final[dict[str, int]] = {
    "instances side by side": CHUNK,
    "bytes of bits at a time": BIT_BUFFER,
    "bits of a transfer group": GROUP_BITS,
    "bits of computational security": KAPPA,
    "bits of statistical security": STATISTICAL_BITS,
}
"""Parameters that both parties' engines must agree on, as they decide who sends how much when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """A party's description of itself and its program. `names` are the parties', from the program.

    `choices`: option of the command line → its value, for options that the fingerprint depends on.
    `shared`: name → text of the value, for inputs of which all parties give the same value.
    `version` has a digest of the code, too. The last `clients` of the parties don't compute.
    """

    party: int
    names: tuple[str, ...]
    fingerprint: str
    params: dict[str, Number] = field(default_factory=dict)
    choices: dict[str, str] = field(default_factory=dict)
    shared: dict[str, str] = field(default_factory=dict)
    version: str = field(default_factory=build)
    options: dict[str, int] = field(default_factory=lambda: dict(OPTIONS))
    clients: int = 0

    @property
    def computing(self) -> int:
        """How many parties compute."""
        return len(self.names) - self.clients

    @property
    def listening(self) -> int:
        """How many parties listen, those with the lowest numbers: clients don't."""
        return self.computing if self.clients else self.computing - 1

    @property
    def peers(self) -> range:
        """The parties, by number, among which are this one's peers: clients have no channels."""
        return range(len(self.names) if self.party < self.computing else self.computing)

    def encode(self) -> bytes:
        """Return the hello as bytes."""
        return _FORM.pack(
            {
                "version": self.version,
                "party": self.party,
                "program": self.fingerprint,
                "params": self.params,
                "choices": self.choices,
                "shared": self.shared,
                "options": self.options,
            }
        )


def introduce(channel: SocketChannel, mine: Hello) -> Hello:
    """Send a hello; return the answer once they are compared. Raises EzError if they don't fit.

    The error is `errors.UnansweredError` if the connection is closed without any answer.
    """
    channel.send(mine.encode())
    # A stranger may have closed the connection already; what it sent before then explains more.
    with contextlib.suppress(EzError):
        channel.flush()
    try:
        channel.peek(1)
    except EzError as error:
        if any(one.code == "EZ5003" for one in error.diagnostics):
            raise errors.unanswered() from None
        raise
    theirs = decode(_FORM.read(channel), mine.names)
    compare(mine, theirs)
    return theirs


def answer(channel: SocketChannel, mine: Hello) -> Hello:
    """Read a hello, send this party's, and compare them; return the one that was read.

    Raises EzError if they don't fit. A caller learns nothing of the program before it has said its
    own.
    """
    try:
        theirs = decode(_FORM.read(channel), mine.names)
    except EzError as error:
        if any(one.code == "EZ5006" for one in error.diagnostics):
            channel.send(_FORM.pack({}))  # whose head tells the version of the protocol
            channel.flush()
        raise
    channel.send(mine.encode())
    with contextlib.suppress(EzError):
        channel.flush()
    compare(mine, theirs)
    return theirs


def decode(body: bytes, names: tuple[str, ...]) -> Hello:
    """Return the hello in a body; raise EzError unless it is well-formed."""
    fields = {**_FIELDS, "party": is_one_of(range(len(names)))}
    said: dict[str, Any] = _FORM.parse(body, fields)
    return Hello(
        party=said["party"],
        names=names,
        fingerprint=said["program"],
        params=said["params"],
        choices=said["choices"],
        shared=said["shared"],
        version=said["version"],
        options=said["options"],
    )


def _are_numbers(value: Any) -> bool:
    return isinstance(value, dict) and all(type(number) in (int, bool) for number in value.values())


def _are_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(map(is_short_text, value.values()))


_FIELDS: Final = {
    "version": is_short_text,
    "program": is_hash,
    "params": _are_numbers,
    "choices": _are_texts,
    "shared": _are_texts,
    "options": _are_numbers,
}


def compare(mine: Hello, theirs: Hello) -> None:
    """Raise the EzError for the difference between two hellos, checking causes first."""
    if mine.version != theirs.version:
        raise errors.versions_differ("ezlang", mine.version, plain(theirs.version))
    if mine.party == theirs.party:
        raise errors.same_party(mine.party, mine.names[mine.party])
    differing = tuple(_differences(mine, theirs))
    if differing:
        raise errors.params_differ(differing)
    if mine.fingerprint != theirs.fingerprint:
        for name in {**mine.choices, **theirs.choices}:
            own, other = (side.choices.get(name, "not given") for side in (mine, theirs))
            if own != other:
                raise errors.choices_differ(plain(name), own, plain(other))
        raise errors.programs_differ(mine.fingerprint, plain(theirs.fingerprint))
    among_servers = max(mine.party, theirs.party) < mine.computing
    for name in {**mine.options, **theirs.options}:
        if name == DEALERS and not among_servers:
            continue  # clients have nothing to do with a dealer
        here, there = mine.options.get(name), theirs.options.get(name)
        if here != there:
            raise errors.options_differ(plain(name), _shown(here), _shown(there))
    for name in {**mine.shared, **theirs.shared}:
        own, other = (side.shared.get(name, "nothing") for side in (mine, theirs))
        if own != other:
            own, other = f"{mine.names[mine.party]} gives {own}", plain(other)
            raise errors.inputs_differ(plain(name), own, f"{mine.names[theirs.party]} {other}")


def _differences(mine: Hello, theirs: Hello) -> list[str]:
    """Describe the params that differ; only the first few, since the peer could send any number."""
    here, there = mine.params, theirs.params
    own, other = mine.names[mine.party], mine.names[theirs.party]
    found = [
        f"{own} has {_given(name, here)}, {other} has {_given(name, there)}"
        for name in {**here, **there}
        if name not in here
        or name not in there
        or (type(here[name]), here[name]) != (type(there[name]), there[name])
    ]
    return found[:8]


def _given(name: str, params: dict[str, Number]) -> str:
    return f"{plain(name)}={_shown(params[name])}" if name in params else f"no {plain(name)}"


def _shown(value: Number | None) -> str:
    if value is None:
        return "not there"
    return str(value).lower() if isinstance(value, bool) else plain(f"{value:,}".replace(",", ""))


def is_stranger(error: EzError) -> bool:
    """Return whether a handshake failed because the peer is no party at all."""
    return any(one.code in ("EZ5003", "EZ5004", "EZ5005", "EZ5050") for one in error.diagnostics)
