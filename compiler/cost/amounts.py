"""The amounts of the cost model: each amount booked in a ledger is of one of these kinds.

Amounts of a party or of a link between two parties name it; the others are `Count`s of the whole
session. The names shown to users are defined where they are displayed (ezlang/cli/cost_report.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

from ezlang.records import dataclass

from ..ir.parties import Link
from ..protocols.core.preprocessing import BitPair, BitTriple, Unit


@dataclass(frozen=True, slots=True)
class Sent:
    """Bytes sent over a link."""

    link: Link


@dataclass(frozen=True, slots=True)
class Rounds:
    """Rounds of a party, as defined by the channel."""

    party: int


@dataclass(frozen=True, slots=True)
class Ots:
    """Correlated OTs used, from the link's sender to its receiver."""

    link: Link


@dataclass(frozen=True, slots=True)
class OtsMade:
    """Correlated OTs generated: at least as many as are used, because they come in batches."""

    link: Link


@dataclass(frozen=True, slots=True)
class Units:
    """Units of preprocessing used."""

    unit: Unit


class Count(Enum):
    """Amounts of the whole session.

    HOPS: messages on the longest path of messages that each depend on the previous one. SET_UPS:
    links over which OTs for shares or labels are set up. OT_WORK: OTs generated, each weighted by
    the number that the fastest kind generates in the same time. LABEL_TAKES, SHARE_TAKES: the
    numbers of times that OTs are taken, for Yao's protocol and for protocols on shares. STEPS:
    executed groups of operations on shares and their message exchanges. REQUESTS: what operations
    of groups ask for in these, OTs and messages, beyond the first request for each. ANDS: gates of
    garbled circuits, and TABLE_BYTES the bytes of their tables. TRANSFORMS: those of homomorphic
    products, at both parties, one after the other.
    """

    HOPS = "hops"
    SET_UPS = "set-ups"
    OT_WORK = "OT work"
    LABEL_TAKES = "takes for labels"
    SHARE_TAKES = "takes for shares"
    STEPS = "steps"
    REQUESTS = "further requests"
    ANDS = "ANDs"
    TABLE_BYTES = "table bytes"
    TRANSFORMS = "transforms"

    __hash__ = object.__hash__  # members are singletons; Enum's own hashes their names


SHARED_ANDS: Final[Mapping[Unit, int]] = MappingProxyType({BitTriple(): 1, BitPair(): 2})
"""The units for ANDs on boolean shares, and the number of ANDs that each serves."""

Amount = Sent | Rounds | Ots | OtsMade | Units | Count
