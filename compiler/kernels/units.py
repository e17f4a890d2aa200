"""The units of native code, by name: what an engine loads, and the symbols it then has."""

from __future__ import annotations

from llvmlite import ir

from . import hash, primitives
from .aes import cipher_for
from .engine import Engine
from .target import Target


def build_primitives(target: Target) -> str:
    """Write the unit `primitives`."""
    module = ir.Module("primitives")
    cipher = cipher_for(target.path)
    primitives.write_schedule(module, cipher)
    primitives.write_encrypt(module, cipher)
    primitives.write_prg(module, cipher)
    hash.write_window(module, cipher)
    hash.write_hash(module, cipher)
    return str(module)


def add_primitives(engine: Engine) -> None:
    """Load `primitives`."""
    engine.add_unit("primitives", build_primitives, primitives.SYMBOLS)
