"""Kinds of correlated OTs. They determine the messages, and so are part of a program."""

from __future__ import annotations

from enum import Enum

from ezlang.records import dataclass


class OtKind(Enum):
    """OT extension with groups of 2, 4 or 8 columns [Roy22], or silent OT [YWL+20].

    In this order, they send less and compute more. Silent OT sends least, but has a long set-up.
    """

    SOFTSPOKEN_2 = "softspoken2"
    SOFTSPOKEN_4 = "softspoken4"
    SOFTSPOKEN_8 = "softspoken8"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtKinds:
    """The kinds of OTs for inputs to Yao's protocol, and for shares in both directions."""

    yao: OtKind = OtKind.SOFTSPOKEN_2
    shares: OtKind = OtKind.SOFTSPOKEN_2
