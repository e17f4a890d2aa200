"""Recording a run between real parties: what they commit to, and what this side writes down.

Before the run, each party sends each other one a commitment to its inputs. The *session* is a hash
of the program's fingerprint and of all commitments. Nonces are random, so no two runs have the same
one, and a party that sends different commitments to different parties gets records that differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from ezlang.analysis.leaks import releases
from ezlang.build import build
from ezlang.compiler.ir.parties import COMPUTING
from ezlang.records import dataclass
from ezlang.session.channel import SocketChannel
from ezlang.session.handshake import Hello
from ezlang.session.identity import fingerprint, readable
from ezlang.session.parties import program_digest
from ezlang.typed.tree import Program
from ezlang.values.data import Data

from .commitments import arrays_of, commitment, new_nonce
from .files import Record

if TYPE_CHECKING:
    from ezlang.session.tls import Keys

FORMAT: Final = "ezlang run 1"
_LENGTH: Final = 32


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(slots=True, kw_only=True)
class Recording:
    """The record of a run at one party, in the making. `keys` are those of all parties, if any."""

    program: Program
    party: int
    keys: Keys | None = None
    nonce: str = field(default_factory=new_nonce)
    began: str = field(default_factory=_now)
    _hello: Hello | None = None
    _commitments: dict[int, str] = field(default_factory=dict)

    def begin(
        self, hello: Hello, inputs: Mapping[str, Data], channels: Mapping[int, SocketChannel]
    ) -> None:
        """Exchange commitments with all parties, who record the run, too."""
        own = commitment(arrays_of(self.program, self.party, inputs), self.nonce)
        for channel in channels.values():
            channel.send(bytes.fromhex(own))
            channel.flush()
        found = {self.party: own}
        for number, channel in channels.items():
            theirs = bytearray(_LENGTH)
            channel.receive_into(memoryview(theirs))
            found[number] = theirs.hex()
        if hello.clients:
            self._relay(hello, found, channels)
        self._hello, self._commitments = hello, dict(sorted(found.items()))

    def _relay(
        self, hello: Hello, found: dict[int, str], channels: Mapping[int, SocketChannel]
    ) -> None:
        """Complete the commitments of a client, which it is told by the first party.

        Records differ if what that says of a party isn't what the party itself wrote down.
        """
        count = len(hello.names)
        if self.party == COMPUTING.first:
            every = b"".join(bytes.fromhex(found[number]) for number in range(count))
            for number in range(hello.computing, count):
                channels[number].send(every)
                channels[number].flush()
        elif self.party >= hello.computing:
            said = bytearray(_LENGTH * count)
            channels[COMPUTING.first].receive_into(memoryview(said))
            for number in range(count):
                at = number * _LENGTH
                found.setdefault(number, said[at : at + _LENGTH].hex())

    def record(
        self,
        outputs: Mapping[str, Data],
        *,
        rounds: int,
        sent: Mapping[str, int],
        received: Mapping[str, int],
    ) -> Record:
        """Return the record of a run that has ended: as JSON can represent it, and not yet signed.

        It has what everyone was told, and of what one party alone was told, the names.
        """
        hello, names = self._hello, self.program.parties
        if hello is None:
            raise RuntimeError("a record of a run that has not begun")
        told = releases(self.program)
        public = {one.name for one in told if one.kind == "output" and one.to is None}
        return {
            "format": FORMAT,
            "ezlang": build(),
            "session": _session(hello.fingerprint, list(self._commitments.values())),
            "began": self.began,
            "ended": _now(),
            "program": {
                "text": program_digest(self.program),
                "executable": hello.fingerprint,
                "params": dict(self.program.params),
                "choices": dict(hello.choices),
            },
            "party": names[self.party],
            "parties": {
                name: {"commitment": self._commitments[n], **self._side(n)}
                for n, name in enumerate(names)
            },
            "released": [
                {
                    "kind": one.kind,
                    "to": "all" if one.to is None else one.to,
                    "name": one.name,
                    "expression": one.expression,
                    "line": one.span.line,
                }
                for one in told
            ],
            "outputs": {name: value for name, value in outputs.items() if name in public},
            "rounds": rounds,
            "bytes_sent": dict(sent),
            "bytes_received": dict(received),
        }

    def _side(self, number: int) -> dict[str, str]:
        """Return by which key a party has proven who it is, if it has."""
        known = self._hello is not None and number in self._hello.peers
        if self.keys is None or number == self.party or not known:
            return {}
        pin = self.keys.of_party(number, self.party)
        return {"side": pin.name, "key": readable(fingerprint(pin.certificate))}


def _session(executable: str, commitments: Sequence[str]) -> str:
    content = "\n".join(("ezlang session 1", executable, *commitments))
    return sha256(content.encode()).hexdigest()
