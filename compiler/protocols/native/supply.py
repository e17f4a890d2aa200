"""Where a party gets correlated randomness from in a native run: a back end at work.

It gives a party's end of the OTs for Yao's labels, and begins the session on shares.
"""

from __future__ import annotations

from typing import Protocol

from ...ir.ots import OtKind, OtKinds
from ...ir.parties import Side
from ...kernels.engine import Engine
from ..core.channel import Channel
from ..dealt.expansion import DealtUnits
from ..dealt.labels import DealtLabelReceiver, DealtLabelSender
from ..ot.directions import Bytes, Ends, cot_receiver, cot_sender, fresh_delta, set_up
from ..ot.softspoken import Blocks, CotParty, CotReceiverParty, CotSenderParty
from ..yao.session import YaoRole, label_source
from .calls import Native
from .session import NativeSession, open_dealt_session, open_session


class Supply(Protocol):
    """What a party has of a back end."""

    def labels(self, role: YaoRole, channel: Channel, engine: Engine) -> CotParty:
        """Return the party's end of the OTs for labels."""

    def session(self, side: Side, channel: Channel) -> NativeSession:
        """Begin the session on shares, over the channel to the other party."""

    def close(self) -> None:
        """Wipe the secrets of the session on shares."""


class OtSupply:
    """OTs that the parties make in the run, of these `kinds`."""

    def __init__(self, kinds: OtKinds | None = None) -> None:
        self._kinds = kinds or OtKinds()
        self._directions: _Directions | None = None

    def labels(self, role: YaoRole, channel: Channel, engine: Engine) -> CotParty:
        """Make them by OT extension or silent OT."""
        return label_source(self._kinds.yao)(role, channel, engine)

    def session(self, side: Side, channel: Channel) -> NativeSession:
        """Begin with ends that are set up when the first OT is taken."""
        kind = self._kinds.shares
        sender = cot_sender(channel, Engine(), kind, fresh_delta(odd=kind is OtKind.SILENT))
        receiver = cot_receiver(channel, Engine(), kind)
        self._directions = directions = _Directions(side, sender, receiver)
        ends = Ends(_Sender(directions), _Receiver(directions))
        return open_session(side, channel, Native(), ends)

    def close(self) -> None:
        """Wipe both ends."""
        if self._directions is not None:
            self._directions.wipe()


class DealtSupply:
    """What a dealer has dealt to this party before the run."""

    def __init__(self, units: DealtUnits) -> None:
        self._units = units

    def labels(self, role: YaoRole, channel: Channel, engine: Engine) -> CotParty:
        """Take them from the units."""
        if role is YaoRole.EVALUATOR:
            return DealtLabelReceiver(channel, engine, self._units)
        return DealtLabelSender(channel, engine, self._units)

    def session(self, side: Side, channel: Channel) -> NativeSession:
        """Begin with the units."""
        return open_dealt_session(channel, Native(), self._units)

    def close(self) -> None:
        """Do nothing: units are used up, or of no use to anybody."""


class _Directions:
    """The ends of both OT sessions, set up when the first OT is taken."""

    def __init__(self, side: Side, sender: CotSenderParty, receiver: CotReceiverParty) -> None:
        self.sender = sender
        self.receiver = receiver
        self._side = side
        self._ready = False

    def set_up(self) -> None:
        """Set up both, once."""
        if not self._ready:
            self._ready = True
            set_up(self._side, self.sender, self.receiver)

    def wipe(self) -> None:
        """Forget both."""
        self.sender.wipe()
        self.receiver.wipe()


class _Sender:
    """The sender's end (`CotSenderSource`)."""

    def __init__(self, directions: _Directions) -> None:
        self.speaks = directions.sender.speaks
        self._directions = directions

    @property
    def delta(self) -> Blocks:
        return self._directions.sender.delta

    def take(self, count: int) -> Blocks:
        self._directions.set_up()
        return self._directions.sender.take(count)


class _Receiver:
    """The receiver's end (`CotReceiverSource`)."""

    def __init__(self, directions: _Directions) -> None:
        self.speaks = directions.receiver.speaks
        self._directions = directions

    def take(self, count: int) -> tuple[Bytes, Blocks]:
        self._directions.set_up()
        return self._directions.receiver.take(count)
