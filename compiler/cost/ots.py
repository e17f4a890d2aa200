"""The choice of the cheapest kind of OT for a network: `choose_kind`."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from ..ir.ots import OtKind
from ..protocols.ot.stock import batches_of
from .profiles import Profile

SECONDS: Final = {
    OtKind.SOFTSPOKEN_2: 4.2e-9,
    OtKind.SOFTSPOKEN_4: 6.6e-9,
    OtKind.SOFTSPOKEN_8: 3.4e-8,
    OtKind.SILENT: 1.6e-8,
}
"""Seconds to generate an OT, at either party, without sending: docs/performance.md."""


def work_of(kind: OtKind) -> float:
    """Return how many OTs of the fastest kind take as long to generate as one."""
    return SECONDS[kind] / min(SECONDS.values())


SILENT_START: Final = 0.02
"""Seconds to generate the first OTs and allocate the memory of silent OT."""

WORTH: Final = 2e-3
"""Seconds that another kind must save, so that small programs use the same kind everywhere."""

_SAMPLE: Final = 1 << 22
"""The number of OTs counted batch by batch; beyond it, bytes are extrapolated proportionally."""


def kind_seconds(kind: OtKind, profile: Profile, count: int) -> float:
    """Return the modelled time to generate `count` OTs in one direction.

    It is the time to compute, to send all bytes, and to wait for replies in the set-up.
    """
    set_up = batches_of(kind).set_up()
    counted = min(count, _SAMPLE)
    made = _batch_bytes(kind, counted)
    sent = sum(one.by_sender + one.by_receiver for one in set_up) + made * count / max(counted, 1)
    start = SILENT_START if kind is OtKind.SILENT else 0.0
    waiting = len(set_up) * profile.rtt / 2
    return start + waiting + sent / profile.bandwidth + count * SECONDS[kind]


@lru_cache(maxsize=1 << 12)
def _batch_bytes(kind: OtKind, count: int) -> int:
    """Return the bytes that are sent for `count` OTs after the set-up."""
    batches, sent = batches_of(kind), 0
    while count > 0:
        times, made = batches.row(count)
        sent += times * made.bytes
        count -= times * made.count
    return sent


def choose_kind(profile: Profile, count: int, *, silent: bool = True) -> OtKind:
    """Return the cheapest kind for `count` OTs in one direction, `silent` or not."""
    kinds = [kind for kind in OtKind if silent or kind is not OtKind.SILENT]
    seconds = {kind: kind_seconds(kind, profile, count) for kind in kinds}
    best = min(kinds, key=seconds.__getitem__)
    usual = OtKind.SOFTSPOKEN_2
    saved = seconds[usual] - seconds[best]
    return best if saved >= max(WORTH, seconds[usual] / 10) else usual
