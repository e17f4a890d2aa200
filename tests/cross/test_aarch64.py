"""Kernels for AArch64, emulated, give the same bytes as those of this processor.

Needs Debian's packages qemu-user, gcc-aarch64-linux-gnu and libc6-dev-arm64-cross, and fails
without them.
"""

from __future__ import annotations

import ctypes
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from ezlang.compiler.circuits import comparison
from ezlang.compiler.circuits.builder import Builder
from ezlang.compiler.circuits.netlist import Netlist
from ezlang.compiler.circuits.schedule import schedule
from ezlang.compiler.ir.garbling import Garbling
from ezlang.compiler.kernels import abi, extension, primitives, sharing, sliced_hash, units
from ezlang.compiler.kernels.aes import cipher_for
from ezlang.compiler.kernels.cipher import WINDOW_BYTES
from ezlang.compiler.kernels.context import CHUNK, SCHEDULE_BYTES, Context
from ezlang.compiler.kernels.engine import Engine
from ezlang.compiler.kernels.layout import table_bytes
from ezlang.compiler.kernels.matrices import STRIP_BYTES
from ezlang.compiler.kernels.memory import Blocks
from ezlang.compiler.kernels.sliced_hash import doubled
from ezlang.compiler.kernels.target import AesPath, Target, host_target
from ezlang.compiler.protocols.core.lengths import product_message
from ezlang.compiler.protocols.yao.session import orthomorphism
from tests.cross.machines import COMPILER, EMULATOR, TARGETS, At, Emulated, Script, run_here

pytestmark = pytest.mark.cross
RNG = np.random.default_rng(11)

_TABLE, _OUT = 1, 2
_SLACK = 1 << 16
"""Numbers of buffers of `_netlist_script`, and room behind the tables."""


def random_bytes(count: int) -> bytes:
    return RNG.bytes(count)


@pytest.fixture(scope="module", params=list(TARGETS))
def target(request: pytest.FixtureRequest) -> Target:
    missing = [tool for tool in (COMPILER, EMULATOR) if shutil.which(tool) is None]
    assert not missing, f"install {' and '.join(missing)}; the module's docstring has the packages"
    chosen: Target = TARGETS[request.param]
    return chosen


@pytest.fixture
def here(target: Target) -> Engine:
    """Layouts of schedules differ between bit-sliced AES and instructions; the rest doesn't."""
    portable = target.path is AesPath.PORTABLE
    return Engine(host_target(AesPath.PORTABLE if portable else None))


def test_primitives(target: Target, here: Engine, tmp_path: Path) -> None:
    script = Script()
    key = script.buffer(bytes.fromhex("000102030405060708090a0b0c0d0e0f"))
    plain = script.buffer(bytes.fromhex("00112233445566778899aabbccddeeff"))
    expanded, encrypted = script.buffer(SCHEDULE_BYTES), script.buffer(16)
    stream, window = script.buffer(16 * 21), script.buffer(WINDOW_BYTES)
    start, pairs = script.buffer(random_bytes(16)), script.buffer(random_bytes(32 * 19))
    hashed = script.buffer(32 * 19)
    script.call("aes_schedule", key, expanded)
    script.call("aes_encrypt", expanded, plain, encrypted, 1)
    script.call("prg_fill", expanded, 2**32 - 3, stream, 21)
    script.call("aes_window", start, 2**33 + 16, window)
    script.call("hash_pairs", start, 2**31 - 5, pairs, hashed, 19)
    program = Emulated(tmp_path, "primitives", units.build_primitives, primitives.SYMBOLS, target)
    there = program.run(script)
    # FIPS 197, appendix C.1.
    assert there[encrypted.buffer].hex() == "69c4e0d86a7b0430d8cdb78070b4c55a"
    units.add_primitives(here)
    assert there == run_here(script, here)


@pytest.mark.parametrize("bits", [2, 8])
def test_extension(target: Target, here: Engine, tmp_path: Path, bits: int) -> None:
    blocks, groups = 8, extension.COLUMNS // bits
    script = Script()
    keys = script.buffer(random_bytes(16 * groups << bits))
    size = cipher_for(target.path).schedule_bytes
    expanded = script.buffer(size * groups << bits)
    choices, delta = script.buffer(16 * blocks), script.buffer(random_bytes(16))
    corrections = script.buffer(16 * blocks * (groups - 1))
    t, q = script.buffer(2048 * blocks), script.buffer(2048 * blocks)
    symbols = ("cot_receiver", "cot_sender", "expand_keys")
    script.call("expand_keys", keys, expanded, groups << bits)
    script.call("cot_receiver", expanded, 3, choices, corrections, t, blocks)
    script.call("cot_sender", expanded, 3, delta, corrections, q, blocks)
    units.add_extension(here, bits)
    expected = run_here(script, here)

    def build(target: Target) -> str:
        return units.build_extension(target, bits)

    program = Emulated(tmp_path, "extension", build, symbols, target)
    assert program.run(script) == expected


def test_bits(target: Target, here: Engine, tmp_path: Path) -> None:
    n = 128 + 24
    script = Script()
    start, delta = script.buffer(random_bytes(16)), script.buffer(random_bytes(16))
    blocks = script.buffer(random_bytes(16 * 4 * n))
    u, v, b = (script.buffer(n // 8) for _ in range(3))
    digits = script.buffer(RNG.integers(0, 16, n, np.uint8).tobytes())
    masks = script.buffer(RNG.integers(0, 4, n, np.uint8).tobytes())
    message, out = script.buffer(4 * n), script.buffer(n)
    script.call("triples_sender", start, 16, blocks, delta, v, b, n, 0)
    script.call("triples_receiver", start, 16, blocks, u, n, 0)
    script.call("leaves2_sender", start, 64, blocks, delta, digits, masks, message, n)
    script.call("leaves2_receiver", start, 64, blocks, digits, message, out, n)
    script.call("flip", blocks, delta, masks, n)
    symbols = ("triples_sender", "triples_receiver", "leaves2_sender", "leaves2_receiver", "flip")
    program = Emulated(tmp_path, "bits", sharing.build_bits, symbols, target)
    sharing.add_bits(here)
    assert program.run(script) == run_here(script, here)


@pytest.mark.parametrize("bits", [8, 64])
def test_rings(target: Target, here: Engine, tmp_path: Path, bits: int) -> None:
    n, columns = 131, 37
    size, stride = bits // 8, 8 * STRIP_BYTES // bits
    script = Script()
    start, delta = script.buffer(random_bytes(16)), script.buffer(random_bytes(16))
    blocks = script.buffer(random_bytes(16 * bits * n))
    choices = script.buffer(RNG.integers(0, 2, bits * n, np.uint8).tobytes())
    x = script.buffer(random_bytes(n * size))
    sent, received = (script.buffer(n * size) for _ in range(2))
    message = script.buffer(product_message(bits, n))
    y = script.buffer(random_bytes(stride * size))
    # What kernels write behind the ends, into padding, isn't compared.
    rows = [script.buffer(columns * size) for _ in range(2)]
    row_message = script.buffer(product_message(bits, columns))
    planes = script.buffer(bits * 512)
    shape = (1, 1, columns, stride)
    receiver = f"gilboa_receiver{bits}", f"matrix_receiver{bits}"
    sender = f"gilboa_sender{bits}", f"matrix_sender{bits}"
    script.call(sender[0], start, 16, blocks, delta, x, sent, message, n)
    script.call(receiver[0], start, 16, blocks, choices, message, received, n)
    script.call(sender[1], start, 2**20, blocks, delta, y, rows[0], row_message, *shape)
    script.call(receiver[1], start, 2**20, blocks, choices, row_message, rows[1], *shape)
    script.call(f"to_planes{bits}", x, planes, n, bits)

    def build(target: Target) -> str:
        return sharing.build_ring(target, bits)

    symbols = (*sender, *receiver, f"to_planes{bits}")
    program = Emulated(tmp_path, "ring", build, symbols, target)
    sharing.add_ring(here, bits)
    assert program.run(script) == run_here(script, here)


@dataclass(frozen=True)
class Shared:
    """Δ, σ(Δ) and the start of the hash; and U of the hash for three-halves."""

    garbling: Garbling
    secret: bytes
    masks: bytes


def _netlist_script(netlist: Netlist, n: int, shared: Shared, labels: list[bytes]) -> Script:
    """Buffers: the context, its tables, out, then others. Nothing is sent or received."""
    tables = table_bytes(shared.garbling, netlist, n)
    script = Script()
    memory = bytearray(ctypes.sizeof(Context))
    # Δ, σ(Δ) and the start of the hash stand in a row.
    memory[Context.delta.offset : Context.delta.offset + 48] = shared.secret
    memory[Context.masks.offset : Context.masks.offset + len(shared.masks)] = shared.masks
    # The schedule of a key is laid out by each cipher on its own; zeros are the same for all.
    state = Context.from_buffer(memory)
    state.window_gate, state.table_end = -1, tables + _SLACK
    state.scratch_registers = netlist.registers
    context = script.buffer(bytes(memory))
    table, out = script.buffer(tables + _SLACK), script.buffer(16 * len(netlist.outputs) * n)
    scratch = script.buffer(16 * CHUNK * netlist.registers)
    code = script.buffer(np.asarray(netlist.code, np.int32).tobytes())
    outputs = script.buffer(np.asarray(netlist.outputs, np.int32).tobytes())
    counts = len(netlist.outputs), netlist.registers, len(netlist.ports), netlist.ands
    described = abi.NetlistStruct(None, len(netlist.code), None, *counts)
    shape = script.buffer(bytes(described))
    ports = script.buffer(
        b"".join(
            bytes(abi.PortStruct(None, port.width, port.width, abi.PORT_LABELS))
            for port in netlist.ports
        )
    )
    size = ctypes.sizeof(abi.PortStruct)
    for number, given in enumerate(labels):
        script.pointers.append((At(ports.buffer, size * number), script.buffer(given)))
    for field, place in (("table", table), ("scratch", scratch)):
        script.pointers.append((At(context.buffer, getattr(Context, field).offset), place))
    for name, place in (("code", code), ("outputs", outputs)):
        offset = getattr(abi.NetlistStruct, name).offset
        script.pointers.append((At(shape.buffer, offset), place))
    script.call("yao_circuit", context, shape, ports, out, n)
    return script


def _results(buffers: list[bytes]) -> tuple[bytes, bytes]:
    """Return tables and labels: the rest holds addresses, and registers that have served."""
    return buffers[_TABLE], buffers[_OUT]


@pytest.mark.parametrize("garbling", Garbling, ids=lambda one: one.value)
def test_garbling(target: Target, here: Engine, tmp_path: Path, garbling: Garbling) -> None:
    """Comparisons of 16 bits, garbled and evaluated, eleven at a time."""
    b = Builder()
    ports = [b.port(16), b.port(16)]
    netlist = schedule(b, [comparison.less_than(b, *ports, signed=False)], "less than")
    n = 11
    values = [RNG.integers(0, 1 << 16, n, np.uint16) for _ in ports]
    delta: Blocks = RNG.integers(0, 1 << 63, 2, np.uint64)
    delta[0] |= np.uint64(1)
    halves = garbling is Garbling.THREE_HALVES
    sigma = (doubled if halves else orthomorphism)(delta)
    start, masks = random_bytes(16), sliced_hash.masks(random_bytes(16))
    zeros = [RNG.integers(0, 1 << 63, (n, 16, 2), np.uint64) for _ in ports]
    bits = [(value[:, None] >> np.arange(16, dtype=np.uint16)) & 1 for value in values]
    active = [
        zero ^ (bit[:, :, None].astype(np.uint64) * delta)
        for zero, bit in zip(zeros, bits, strict=True)
    ]
    build = partial(units.build_yao, garbling=garbling)
    own = Shared(garbling, delta.tobytes() + sigma.tobytes() + start, masks)
    script = _netlist_script(netlist, n, own, [label.tobytes() for label in zeros])
    units.add_yao(here, garbler=True, garbling=garbling)
    made = run_here(script, here)
    name, symbols = "garbler", ("yao_circuit",)
    program = Emulated(tmp_path, name, partial(build, garbler=True), symbols, target)
    assert _results(program.run(script)) == _results(made)

    known = Shared(garbling, bytes(32) + start, masks)
    evaluation = _netlist_script(netlist, n, known, [label.tobytes() for label in active])
    evaluation.buffers[_TABLE] = made[_TABLE]
    name = "evaluator"
    program = Emulated(tmp_path, name, partial(build, garbler=False), symbols, target)
    found = program.run(evaluation)
    other = Engine(here.target)
    units.add_yao(other, garbler=False, garbling=garbling)
    assert _results(found) == _results(run_here(evaluation, other))
    labels = [np.frombuffer(side[_OUT], np.uint64).reshape(n, 2) for side in (made, found)]
    assert np.array_equal(labels[0] ^ labels[1], (values[0] < values[1])[:, None] * delta)
