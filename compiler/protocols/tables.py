"""Tables of 16 entries: a secret choice from a table that only the other party knows.

A 1-of-16 OT of messages of 1, 2 or 4 bits, made of four 1-of-2 OTs [NP99] as the leaves of
comparisons are (`kernels/triples.py`). With tables that are masked by the sender's random share, it
computes any function of a digit of each party's [DKS+17].
"""

from __future__ import annotations

import numpy as np

from ezlang.diagnostics.diagnostic import CompilerBug

from ..kernels.pads import PADS
from ..kernels.triples import DIGIT_BITS, TABLE_BITS
from .correlated import Bytes
from .cot import Blocks
from .native import Array, empty, padded
from .sharing import BATCH_OTS, Hash, ReceiveJob, SendJob, SharingParty, slices

_BATCH = BATCH_OTS // DIGIT_BITS


def send_tables(party: SharingParty, tables: Array) -> None:
    """Offer tables [n], words of 16 fields of 1, 2 or 4 bits, entry 0 lowest.

    Cost: 4n OTs; ceil(4n/8) bytes from the receiver, 2, 4 or 8 bytes a table to it; two rounds.
    Seen: choices masked by random bits, tables masked by pads, of which the receiver knows those of
    its own entries.
    """
    words, bits = padded(tables), tables.itemsize // 2
    _check(bits)

    def job(part: slice) -> SendJob:
        table = words[part]
        count = len(table)

        def run(hash: Hash, blocks: Blocks, message: Bytes) -> None:
            arguments = (hash.start, hash.first, blocks, party.delta, table, message, count)
            party.native.call(f"tables{bits}_sender", *arguments)

        return SendJob(
            ots=DIGIT_BITS * count,
            windows=DIGIT_BITS * -(-count // PADS),
            message_bytes=table.nbytes,
            chosen=True,
            run=run,
        )

    party.exchange((job(part), None) for part in slices(len(words), _BATCH))


def look_up(party: SharingParty, digits: Bytes, bits: int) -> Bytes:
    """Return entries number `digits` [n], bytes below 16, of the other's tables of `bits` bits."""
    _check(bits)
    if len(digits) and int(digits.max()) >= 1 << DIGIT_BITS:
        raise CompilerBug("a table has 16 entries")
    chosen = padded(digits)
    out: Bytes = empty(len(chosen), np.uint8)
    party.exchange(
        (None, receive_digits(party, chosen[part], out[part], bits))
        for part in slices(len(chosen), _BATCH)
    )
    return out


def receive_digits(party: SharingParty, digits: Bytes, out: Bytes, fields: int) -> ReceiveJob:
    """Return the receiver's job: entries number `digits`, of `fields` bits, into `out`."""
    count = len(digits)
    choices: Bytes = empty(DIGIT_BITS * count, np.uint8)
    party.native.call("spread_digits", digits, choices, count)

    def run(hash: Hash, _: Bytes, blocks: Blocks, message: Bytes) -> None:
        arguments = (hash.start, hash.first, blocks, digits, message, out, count)
        party.native.call(f"leaves{fields}_receiver", *arguments)

    return ReceiveJob(
        ots=DIGIT_BITS * count,
        windows=DIGIT_BITS * -(-count // PADS),
        message_bytes=2 * fields * count,
        choices=choices,
        run=run,
    )


def _check(bits: int) -> None:
    if bits not in TABLE_BITS:
        raise CompilerBug(f"entries of tables have 1, 2 or 4 bits, not {bits}")
