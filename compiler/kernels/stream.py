"""The stream between the parties, as kernels use it.

Everything that the garbler sends goes through one buffer of fixed size: tables are written into it,
and it is sent when the next table doesn't fit. It is also sent before the garbler waits for
anything and after every message that is not a table, so that the evaluator never waits for bytes
that the garbler holds back while it waits itself. The evaluator reads tables where the channel
shows arrived data, so that many small calls cost one callback. All else it receives as messages of
known lengths. Before any of these, and before it sends, it tells the channel how much of the shown
data is consumed, so that the rest stays with the channel. No length or order depends on a secret.
The evaluator's own messages are sent at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Final

from .abi import I32, I64, POINTER, STATUS_MISUSE
from .build import Kernel, Value
from .context import ContextAccess

CONTEXT_PARAMETER: Final = ("context", POINTER)


class Stream(ABC):
    """The stream's functions at one party, written once for each module."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self._slow = self._write_slow_path()

    def _write_slow_path(self) -> Kernel:
        k = Kernel(
            self.module,
            "stream_advance",
            (CONTEXT_PARAMETER, ("need", I64)),
            internal=True,
            inline="noinline",
        )
        self._advance(k, ContextAccess(k, k["context"]), k["need"])
        k.finish()
        return k

    @abstractmethod
    def _advance(self, k: Kernel, context: ContextAccess, need: Value) -> None:
        """Make `need` bytes available at `table_position`."""

    def reserve(self, k: Kernel, context: ContextAccess, need: int) -> Value:
        """Return the address of the next `need` bytes of tables, and advance past them."""
        beyond = context.get("table_position") + need
        with k.when(beyond > context.get("table_end"), likely=False):
            k.check(k.call(self._slow, context.pointer, k.i64(need)))
        position = context.get("table_position")
        context.set("table_position", position + need)
        return context.get("table").at(position)

    @abstractmethod
    def flush(self, k: Kernel, context: ContextAccess) -> None:
        """Send the pending bytes."""

    def send(self, k: Kernel, context: ContextAccess, data: Value, size: Value) -> None:
        """Send a message, at once."""
        self.flush(k, context)
        context.callback("send", data, size)

    def receive(self, k: Kernel, context: ContextAccess, data: Value, size: Value) -> None:
        """Wait for a message."""
        self.flush(k, context)
        context.callback("receive", data, size)


class GarblerStream(Stream):
    """The garbler's side, which sends tables."""

    def _advance(self, k: Kernel, context: ContextAccess, need: Value) -> None:
        k.require(need <= context.get("table_end"), STATUS_MISUSE)
        self.flush(k, context)

    def flush(self, k: Kernel, context: ContextAccess) -> None:
        """Send the contents of the buffer."""
        waiting = context.get("table_position")
        with k.when(waiting > 0):
            context.set("table_position", k.i64(0))
            context.callback("send", context.get("table"), waiting)

    def send(self, k: Kernel, context: ContextAccess, data: Value, size: Value) -> None:
        """Send a message together with the tables before it, if there is room."""
        position = context.get("table_position")
        fits = position + size <= context.get("table_end")
        with k.either(fits) as (then, otherwise):
            with then:
                k.copy(context.get("table").at(position), data, size)
                context.set("table_position", position + size)
                self.flush(k, context)
            with otherwise:
                self.flush(k, context)
                context.callback("send", data, size)


class EvaluatorStream(Stream):
    """The evaluator's side, which receives tables."""

    def _advance(self, k: Kernel, context: ContextAccess, need: Value) -> None:
        context.callback("peek", need)

    def flush(self, k: Kernel, context: ContextAccess) -> None:
        """Do nothing, as no bytes are pending here."""


def write_channel(module: Any, stream: Stream) -> None:
    """Write `channel_send`, `channel_receive`, `sharing_run` and `yao_flush(context)`."""
    parameters = (CONTEXT_PARAMETER, ("data", POINTER), ("bytes", I64))
    k = Kernel(module, "channel_send", parameters)
    stream.send(k, ContextAccess(k, k["context"]), k["data"], k["bytes"])
    k.finish()
    k = Kernel(module, "channel_receive", parameters)
    stream.receive(k, ContextAccess(k, k["context"]), k["data"], k["bytes"])
    k.finish()
    numbered = (CONTEXT_PARAMETER, ("number", I64), ("addresses", POINTER))
    k = Kernel(module, "sharing_run", numbered)
    stream.flush(k, ContextAccess(k, k["context"]))
    ContextAccess(k, k["context"]).callback("exchange", k["number"], k["addresses"])
    k.finish()
    k = Kernel(module, "yao_flush", (CONTEXT_PARAMETER,), result=I32)
    stream.flush(k, ContextAccess(k, k["context"]))
    k.finish()
