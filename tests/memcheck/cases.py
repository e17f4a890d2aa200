"""Protocols on secrets, for valgrind: `python -m tests.memcheck.cases [--wide]`.

All that the operating system's generator returns is secret, and so are inputs and shares; what is
sent is public from then on, to both. So whatever depends on a secret is a branch or an address of
our own: the line says how many. Two things are taken on trust: the arithmetic of libsodium, to
which scalars of base OTs are shown, and AES instructions.

Valgrind knows neither VAES nor AVX-512. With `--wide`, kernels are those of VAES on registers of
512 bits, but for the instructions of AES themselves, which take a block at a time: addresses and
branches are the same.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.dtypes import share_dtype
from ezlang.compiler.ir.ots import OtKind
from ezlang.compiler.ir.tree import BinaryKind
from ezlang.compiler.kernels import aes, target
from ezlang.compiler.kernels.build import BLOCK, Kernel, Value, joined
from ezlang.compiler.kernels.target import AesPath, Target
from ezlang.compiler.protocols.operations.table import steps_of
from ezlang.compiler.protocols.ot import base
from ezlang.compiler.protocols.yao.session import YaoParty, YaoRole, label_source
from ezlang.types.types import BOOL, INT64, UINT8, UINT32, ScalarType
from tests.memcheck import marks
from tests.protocols.netlists import and_netlist
from tests.protocols.operation_cases import value
from tests.support import sharing_parties, two_parties
from tests.support.sharing_parties import TINY, Pair, random_numbers
from tests.support.two_parties import Labels, label_port, run_circuit, run_yao

Case = tuple[str, Callable[[], object]]


def watch_randomness() -> None:
    """Make all that is drawn secret, and all that is sent public."""
    drawn, scalar = os.urandom, base._random_scalar
    os.urandom = lambda count: marks.hide(drawn(count))
    base._random_scalar = lambda: marks.show(bytes(scalar()))
    for channel in (sharing_parties.CountingChannel, two_parties.SocketChannel):
        channel.send = _showing(channel.send)  # type: ignore[method-assign]


def _showing(send: Any) -> Any:
    return lambda self, data: send(self, marks.show(data))


def choose_kernels(*, wide: bool) -> None:
    """Generate kernels for what valgrind knows; `wide`: as for registers of 512 bits.

    The target is the same without valgrind, so that a run without it compiles everything, which
    would take an hour under it.
    """
    path = AesPath.VAES512 if wide else AesPath.AESNI
    chosen = Target(target.host_target().triple, "haswell", "+aes,+avx2", path)
    for module in list(sys.modules.values()):
        if hasattr(module, "host_target"):
            module.host_target = lambda path=None: chosen  # type: ignore[attr-defined]
    if not wide:
        return
    single = aes.X86Cipher._instruction

    def by_blocks(self: aes.X86Cipher, k: Kernel, name: str, state: Value, key: Value) -> Value:
        lanes = range(0, state.type.count, BLOCK.count)
        blocks = [[x.shuffle([i, i + 1]) for x in (state, key)] for i in lanes]
        return joined([single(self, k, name, *pair) for pair in blocks])

    aes.X86Cipher._instruction = by_blocks  # type: ignore[method-assign]


def on_shares(pairs: Mapping[str, Pair], name: str, operation: ir.Operation) -> None:
    """Run an operation on secret shares."""
    own: list[list[Any]] = [[], []]
    for number, one in enumerate(operation.operands):
        dtype = share_dtype(one.type.element)
        for party in (0, 1):
            share = random_numbers(one.type.shape, dtype, 2 * number + party)
            own[party].append(marks.hide(share & 1 if one.type.width == 1 else share))
    pairs[name].run(lambda party: steps_of(party, operation, own[party.index]))


def binary(kind: BinaryKind, element: ScalarType, sharing: str) -> ir.Binary:
    """Return an operation on shares."""
    x, y = (value(i, element, (21,), sharing) for i in (0, 1))
    gives = (BOOL, "B") if kind.traits.gives_bool else (element, sharing)
    z = value(2, gives[0], (21,), gives[1])
    return ir.Binary(kind=kind, operands=(x, y), results=(z,))


def operations() -> Iterator[tuple[str, ir.Operation]]:
    """Yield operations, whose protocols use all kernels on shares."""
    for kind in (BinaryKind.MUL, BinaryKind.LT, BinaryKind.EQ, BinaryKind.DIV, BinaryKind.MIN):
        for element in (UINT8,) if kind is BinaryKind.DIV else (UINT8, UINT32, INT64):
            yield f"{kind.name} of {element}", binary(kind, element, "A")
    for kind in (BinaryKind.ADD, BinaryKind.AND, BinaryKind.LT):
        yield f"{kind.name} of bits", binary(kind, UINT32, "B")
    for old, new in (("A", "B"), ("B", "A")):
        x, y = value(0, UINT32, (21,), old), value(1, UINT32, (21,), new)
        yield f"{old} to {new}", ir.Convert(operands=(x,), results=(y,))
    bit, x, y, z = (value(i, BOOL if not i else INT64, (21,), "A" if i else "B") for i in range(4))
    yield "a selection", ir.Select(operands=(bit, x, y), results=(z,))
    a, b, c = (value(i, INT64, s, "A") for i, s in enumerate(((3, 5), (5, 7), (3, 7))))
    yield "a matrix product", ir.MatrixProduct(operands=(a, b), results=(c,))


def yao(kind: OtKind) -> None:
    """Run a circuit on wire labels."""
    netlist, n = and_netlist(16), 21

    def program(party: YaoParty) -> None:
        labels = []
        for owner in (YaoRole.GARBLER, YaoRole.EVALUATOR):
            made = Labels(n, 16)
            clear = marks.hide(np.zeros(2 * n, np.uint8)) if party.role is owner else None
            address = None if clear is None else clear.ctypes.data
            name = f"yao_share_{owner.name.lower()}"
            party.call(name, address, made.memory.address, n, 16)
            labels.append(made)
        run_circuit(party, netlist, [label_port(one) for one in labels], n)

    run_yao(program, labels=label_source(kind, TINY))


def cases() -> Iterator[Case]:
    """Yield what is watched."""
    pairs: dict[str, Pair] = {}

    def set_up(name: str, **options: bool) -> Callable[[], None]:
        def run() -> None:
            pairs[name] = Pair(**options)

        return run

    yield "set-up of OT extension, with base OTs", set_up("extended", real=True)
    yield "set-up of silent OT", set_up("silent", silent=True)
    for name in ("extended", "silent"):
        for text, operation in operations():
            if name == "extended" or text == "MUL of uint32":
                yield (
                    f"{text}, {name} OTs",
                    partial(on_shares, pairs, name, operation),
                )
    for kind in (OtKind.SOFTSPOKEN_2, OtKind.SILENT):
        yield f"garbling, {kind.value} OTs", partial(yao, kind)


def main() -> None:
    """Run all cases; print a line for each that has errors, and exit with their number."""
    choose_kernels(wide="--wide" in sys.argv)
    if not marks.is_watched():
        print("not under valgrind: nothing is watched", flush=True)
    control = marks.hide(np.ones(1, np.uint8))
    if marks.is_watched() and not marks.errors_of(lambda: bool(control[0])):
        raise SystemExit("valgrind doesn't notice a branch on a secret")
    watch_randomness()
    gc.disable()  # CPython's collector looks at memory that valgrind takes for undefined
    failed = 0
    for name, work in cases():
        found = marks.errors_of(work)
        failed += found > 0
        print(f"{name}: {found} branches or addresses depend on secrets", flush=True)
    raise SystemExit(failed)


if __name__ == "__main__":
    main()
