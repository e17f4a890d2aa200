"""The shapes of messages: lengths in order, without contents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ezlang.compiler.lower import lower
from ezlang.executors.native.executable import Executable
from ezlang.executors.simulate import run_simulated, run_two
from ezlang.recursion import deep_recursion
from ezlang.session.channel import SocketChannel
from ezlang.typed.tree import Program
from tests.support.threads import run_threads


def simulated_shape(program: Program, inputs: Any) -> list[tuple[int, int, int, str, int]]:
    """Round, sender, receiver, purpose and length of each message."""
    transcript = run_simulated(lower(program), inputs).transcript
    return [(m.round, m.sender, m.receiver, m.purpose, m.size) for m in transcript]


def simulated_two_shape(
    executable: Executable, inputs: Any
) -> list[tuple[int, int, int, str, int]]:
    """The same for two parties, on checked inputs."""
    with deep_recursion():
        transcript = run_two(executable.program, inputs).transcript
    return [(m.round, m.sender, m.receiver, m.purpose, m.size) for m in transcript]


@contextmanager
def tapped() -> Iterator[dict[int, list[int]]]:
    """Note the length of everything sent and received (negative), by channel."""
    seen: dict[int, list[int]] = {}
    send, receive = SocketChannel.send, SocketChannel.receive_into

    def noted_send(self: SocketChannel, data: Any) -> None:
        seen.setdefault(id(self), []).append(len(data))
        send(self, data)

    def noted_receive(self: SocketChannel, buffer: memoryview) -> None:
        seen.setdefault(id(self), []).append(-len(buffer))
        receive(self, buffer)

    with pytest.MonkeyPatch().context() as patch:
        patch.setattr(SocketChannel, "send", noted_send)
        patch.setattr(SocketChannel, "receive_into", noted_receive)
        yield seen


def native_shape(executable: Executable, inputs: Any) -> list[list[int]]:
    """What each of two parties sent and received, in order, on checked inputs."""
    with tapped() as seen:
        run_threads(executable, inputs)
    assert len(seen) == 2
    return sorted(seen.values())
