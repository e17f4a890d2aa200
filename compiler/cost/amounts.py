"""What the cost model counts: each amount that is booked in a ledger is one of these.

Amounts that belong to a party or to a link between two say so; the others are `Count`s of the whole
session. Names that users read are given where they are shown (ezlang/cli/cost_report.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from ..ir.parties import Link
from ..protocols.core.preprocessing import BitPair, BitTriple, Unit


@dataclass(frozen=True, slots=True)
class Sent:
    """Bytes that are sent over a link."""

    link: Link


@dataclass(frozen=True, slots=True)
class Rounds:
    """Rounds of a party, by the channel's definition."""

    party: int


@dataclass(frozen=True, slots=True)
class Ots:
    """Correlated OTs that are used, from the link's sender to its receiver."""

    link: Link


@dataclass(frozen=True, slots=True)
class OtsMade:
    """Correlated OTs that are made: at least as many as are used, as they are made in batches."""

    link: Link


@dataclass(frozen=True, slots=True)
class Units:
    """Units of preprocessing that are used."""

    unit: Unit


class Count(Enum):
    """Amounts of the whole session.

    HOPS: messages on the longest path, on which each waits for the one before. SET_UPS: links over
    which OTs for shares or labels are set up. OT_WORK: OTs made, each as many as the fastest kind
    makes meanwhile. LABEL_TAKES, SHARE_TAKES: how often OTs are taken, for Yao's protocol and for
    protocols on shares. STEPS: groups of operations on shares that are run, and messages exchanged
    by them. ANDS: gates of garbled circuits, and TABLE_BYTES the bytes of their tables.
    """

    HOPS = "hops"
    SET_UPS = "set-ups"
    OT_WORK = "OT work"
    LABEL_TAKES = "takes for labels"
    SHARE_TAKES = "takes for shares"
    STEPS = "steps"
    ANDS = "ANDs"
    TABLE_BYTES = "table bytes"

    __hash__ = object.__hash__  # members are alone; Enum's own hashes their names


SHARED_ANDS: Final[Mapping[Unit, int]] = MappingProxyType({BitTriple(): 1, BitPair(): 2})
"""Units for ANDs on boolean shares, and for how many ANDs they are."""

Amount = Sent | Rounds | Ots | OtsMade | Units | Count
