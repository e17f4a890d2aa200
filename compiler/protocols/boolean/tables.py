"""Tables of 16 entries: a secret choice from a table that only the other party knows.

A 1-of-16 OT of messages of 1, 2 or 4 bits, made of four 1-of-2 OTs [NP99] as the leaves of
comparisons are (`kernels/triples.py`). With tables that are masked by the sender's random share, it
computes any function of a digit of each party's [DKS+17].
"""

from __future__ import annotations

from ezlang.diagnostics.diagnostic import CompilerBug

from ..core.party import SharingParty
from ..core.steps import Array, Bytes, Steps


def send_tables(party: SharingParty, tables: Array) -> Steps[None]:
    """Offer tables [n], words of 16 fields of 1, 2 or 4 bits, entry 0 lowest.

    Cost: 4n OTs; ceil(4n/8) bytes from the receiver, 2, 4 or 8 bytes a table to it; two rounds.
    Seen: choices masked by random bits, tables masked by pads, of which the receiver knows those of
    its own entries.
    """
    yield from party.ots.tables(tables, None, tables.itemsize // 2)


def look_up(party: SharingParty, digits: Bytes, bits: int) -> Steps[Bytes]:
    """Return entries number `digits` [n], bytes below 16, of the other's tables of `bits` bits."""
    found = yield from party.ots.tables(None, digits, bits)
    if found is None:
        raise CompilerBug("there is no result of a look-up")
    return found
