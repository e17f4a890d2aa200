"""The phases of a run, by which its messages are counted."""

from __future__ import annotations

from enum import Enum


class Phase(Enum):
    """The phase of a message.

    SET_UP occurs once per session, regardless of the program. PREPROCESSING depends on the
    program's size but on no data. ONLINE is the rest.
    """

    SET_UP = "set-up"
    PREPROCESSING = "preprocessing"
    ONLINE = "online"

    __hash__ = object.__hash__  # members are alone; Enum's own hashes their names
