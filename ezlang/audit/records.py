"""Files of records: signed by the side that wrote them, and compared with those of the others.

The signature is over the record's canonical JSON: sorted names, no spaces, UTF-8.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from ezlang.records import dataclass
from ezlang.session.identity import readable, signed, signer
from ezlang.typed.tree import Program
from ezlang.values.data import Data
from ezlang.values.names import party_number
from ezlang.values.writing import require_folder

from .files import Record, read_json, write_files, wrong_record
from .recording import FORMAT, Recording

_SAME: Final = {
    "ezlang": "the version of ezlang",
    "session": "the session",
    "program": "the program, its params and options",
    "released": "what the program releases",
    "outputs": "what everyone was told",
}


class Outcome(Protocol):
    """What a run of one party has given and taken: bytes by the name of the other party."""

    @property
    def outputs(self) -> dict[str, Data]:
        """Name → value."""

    @property
    def rounds(self) -> int:
        """The rounds of this party."""

    @property
    def sent(self) -> dict[str, int]:
        """The bytes that it sent."""

    @property
    def received(self) -> dict[str, int]:
        """The bytes that it received."""


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes the record of a run to a file."""

    path: Path
    recording: Recording

    @staticmethod
    def of(path: Path, program: Program, party: int | str) -> Recorder:
        """Return the recorder of a party of a program. Raises EzError if there is no folder."""
        require_folder(path)
        number = party_number(program.parties, party)
        return Recorder(path, Recording(program=program, party=number))

    def write(self, done: Outcome) -> None:
        """Write the record of a run that has ended. Raises EzError (exit code 2)."""
        made, keys = self.recording, self.recording.keys
        record = made.record(
            done.outputs, rounds=done.rounds, sent=done.sent, received=done.received
        )
        write_record(self.path, record, made.nonce, None if keys is None else Path(keys.file))


def write_record(path: Path, record: Record, nonce: str, key: Path | None) -> None:
    """Write a record, signed if there is the file of a key, and the nonce for its owner alone.

    Raises EzError (exit code 2).
    """
    made = dict(record)
    if key is not None:
        signature, certificate = signed(key, canonical(record))
        made["signature"] = {"ecdsa-p256-sha256": signature, "certificate": certificate}
    write_files(path, made, nonce)


def canonical(record: Record) -> bytes:
    """Return the bytes of a record that are signed."""
    content = {name: value for name, value in record.items() if name != "signature"}
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def read_record(path: Path) -> Record:
    """Return the record in a file. Raises EzError (exit code 2) unless it is well-formed."""
    found = read_json(path)
    if isinstance(found, dict) and found.get("format") == FORMAT and _is_whole(found):
        with contextlib.suppress(RecursionError):
            canonical(found)
            return found
    raise wrong_record(f"{path} is not a record of a run")


def _is_whole(record: Record) -> bool:
    """Return whether a record has all that is looked at, of the right types."""
    parties, party = record.get("parties"), record.get("party")
    objects = ("program", "bytes_sent", "bytes_received")
    return (
        isinstance(parties, dict)
        and isinstance(party, str)
        and party in parties
        and all(isinstance(one, dict) and "commitment" in one for one in parties.values())
        and all(isinstance(record.get(name), dict) for name in objects)
        and all(name in record for name in (*_SAME, "ended"))
    )


def signed_by(record: Record) -> str | None:
    """Return the fingerprint of the key that signed a record; None if it isn't signed.

    Raises EzError (exit code 1) if the signature is wrong.
    """
    said = record.get("signature")
    if said is None:
        return None
    fields = ("certificate", "ecdsa-p256-sha256")
    if isinstance(said, dict) and all(isinstance(said.get(name), str) for name in fields):
        found = signer(said["certificate"], canonical(record), said["ecdsa-p256-sha256"])
        if found is not None:
            return readable(found)
    message = f"The signature of {record['party']}'s record is wrong: it was changed since"
    raise wrong_record(message, exit_code=1)


def disagreements(records: Sequence[Record]) -> Iterator[str]:
    """Yield a sentence for each thing in which records of a run by several sides differ."""
    first = records[0]
    for other in records[1:]:
        who = f"{first['party']} and {other['party']}"
        if first["party"] == other["party"]:
            yield f"both records are {first['party']}'s"
            continue
        for name, what in _SAME.items():
            if first[name] != other[name]:
                yield f"{who} differ in {what}"
        yield from _of_parties(first, other, who)
    for one in records:
        for other in records:
            sent = one["bytes_sent"].get(other["party"])
            if one is not other and sent != other["bytes_received"].get(one["party"]):
                yield f"{one['party']} sent other bytes than {other['party']} received"
    for one in records:
        yield from _of_keys(one, [other for other in records if other is not one])


def _of_parties(first: Record, other: Record, who: str) -> Iterator[str]:
    if first["parties"].keys() != other["parties"].keys():
        yield f"{who} differ in who takes part"
        return
    for name, said in first["parties"].items():
        if said["commitment"] != other["parties"][name]["commitment"]:
            yield f"{who} differ in what {name} committed to"


def _of_keys(record: Record, others: Sequence[Record]) -> Iterator[str]:
    """Compare who signed a record with the key that the other sides have seen."""
    key = signed_by(record)
    for other in others:
        seen: Any = other["parties"].get(record["party"], {}).get("key")
        if key is not None and seen is not None and key != seen:
            yield (
                f"{record['party']}'s record is signed by another key than {other['party']} has "
                "talked to"
            )
