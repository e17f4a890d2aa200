"""The units of polynomial arithmetic: residues and what goes with them, and the transforms."""

from __future__ import annotations

from typing import Final

from llvmlite import ir

from . import errors, ntt, ntt_products, residues, wide
from .engine import Engine
from .target import Target

_SYMBOLS: Final = (
    "ntt_multiply_add",
    "residues_add",
    "residues_join",
    "ring_errors",
    "ring_ternary",
    "wide_from_bytes",
    "wide_sum",
    "wide_to_bytes",
)


def build_residues(target: Target) -> str:
    """Write the unit of residues, random polynomials, and numbers as bytes."""
    module = ir.Module("residues")
    ntt_products.write_multiply_add(module)
    residues.write_residues_add(module)
    residues.write_residues_join(module)
    errors.write_errors(module)
    errors.write_ternary(module)
    wide.write_from_bytes(module)
    wide.write_sum(module)
    wide.write_to_bytes(module)
    return str(module)


def build_transforms(target: Target, size: int) -> str:
    """Write the unit of the transform of N = `size` residues."""
    module = ir.Module(f"ntt{size}")
    forward = ntt.write_transforms(module, size)
    ntt_products.write_multiply_known(module, size, forward)
    return str(module)


def add_polynomials(engine: Engine, size: int) -> None:
    """Load the arithmetic of polynomials of N = `size` coefficients."""

    def build(target: Target) -> str:
        return build_transforms(target, size)

    engine.add_unit("residues", build_residues, _SYMBOLS)
    symbols = (f"ntt_forward{size}", f"ntt_inverse{size}", f"ntt_multiply_known{size}")
    engine.add_unit(f"ntt{size}", build, symbols)
