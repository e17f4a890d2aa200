"""Random OTs from correlated ones: the unit `random-ot`.

A correlated OT is q at the sender and (r, t = q ⊕ r·Δ) at the receiver. Its two keys are

    K₀ = H(q, i)    K₁ = H(q ⊕ Δ, i)        and the receiver has K_r = H(t, i)

with the re-keyed hash of `hash.py` [GKWWY20]; the receiver would need Δ for the other one. OT
number n of a session is hashed under key (n div 128)·16 + n mod 16: a window of 16 keys serves 128
OTs, and each key 8 of them. The q of a session are distinct except with probability 2^-128 for each
pair; by the bound of [GKWWY20] for a tweak used μ times, eight uses cost 3 bits of the 128 against
offline work.

- `random_sender(start*, first, q*, delta*, zeros*, ones*, count)`
- `random_receiver(start*, first, t*, keys*, count)`: `first` is the number of the first key, a
  multiple of 16; reads and writes cover `count` blocks rounded up to a multiple of 16.
- `stretch(keys*, out*, count, blocks)`: out [count][blocks]: AES-CTR under each key, for messages
  that are longer than a key.
"""

from __future__ import annotations

from typing import Any, Final

from llvmlite import ir

from . import primitives
from .abi import I64, POINTER
from .aes import WINDOW_BYTES, Cipher, cipher_for
from .build import BLOCK, PAIR, VOID, Kernel, Value
from .engine import Engine
from .hash import hash_gates, orthomorphism
from .target import Target

WINDOW_OTS: Final = 128
"""The number of OTs that a window of keys serves."""

WINDOW_KEYS: Final = 16
ROW: Final = 16
"""The number of OTs that are hashed together, with one key each."""


def write_hash(module: Any, cipher: Cipher, *, sender: bool) -> None:
    """Write `random_sender` or `random_receiver`."""
    outputs = ("zeros", "ones") if sender else ("keys",)
    pointers = ("blocks", *(("delta",) if sender else ()), *outputs)
    parameters = [("start", POINTER), ("first", I64), *[(name, POINTER) for name in pointers]]
    name = f"random_{'sender' if sender else 'receiver'}"
    k = Kernel(module, name, (*parameters, ("count", I64)), result=VOID)
    window = k.bytes_slot(WINDOW_BYTES)
    start = k.load(k["start"], BLOCK)
    masks: list[Value | None] = [None]
    if sender:
        masks.append(orthomorphism(k.load(k["delta"], BLOCK).shuffle((0, 1, 0, 1))))
    gates = max(1, min(ROW // 2, cipher.pairs_at_once // len(masks)))
    with k.loop(0, k["count"], WINDOW_OTS) as base:
        cipher.window(k, start, k["first"] + (base >> 3), window)
        with k.loop(base, k.minimum(k["count"], base + WINDOW_OTS), ROW) as at:
            for gate in range(0, ROW // 2, gates):
                source = k["blocks"].at(at << 4).at(32 * gate)
                pairs = [orthomorphism(k.load(source.at(32 * g), PAIR)) for g in range(gates)]
                inputs = [[p if mask is None else p ^ mask for mask in masks] for p in pairs]
                hashed = hash_gates(k, cipher, inputs, window, k.i64(gate))
                for copy, output in enumerate(outputs):
                    target = k[output].at(at << 4).at(32 * gate)
                    for g, versions in enumerate(hashed):
                        k.store(versions[copy], target.at(32 * g))
    k.finish()


def _write_stretch(module: Any, cipher: Cipher) -> None:
    schedule = primitives.write_schedule(module, cipher, internal=True)
    prg = primitives.write_prg(module, cipher, internal=True)
    parameters = (("keys", POINTER), ("out", POINTER), ("count", I64), ("blocks", I64))
    k = Kernel(module, "stretch", parameters, result=VOID)
    expanded = k.bytes_slot(cipher.schedule_bytes)
    with k.loop(0, k["count"]) as i:
        k.call(schedule, k["keys"].at(i << 4), expanded)
        out = k["out"].at((i * k["blocks"]) << 4)
        k.call(prg, expanded, k.i64(0), out, k["blocks"])
    k.finish()


def _build(target: Target) -> str:
    module = ir.Module("random-ot")
    cipher = cipher_for(target.path)
    write_hash(module, cipher, sender=True)
    write_hash(module, cipher, sender=False)
    _write_stretch(module, cipher)
    return str(module)


def add_random_ot(engine: Engine) -> None:
    """Load the unit."""
    engine.add_unit("random-ot", _build, ("random_sender", "random_receiver", "stretch"))
