"""The units of polynomial arithmetic: residues and errors, and the transform for each N."""

from __future__ import annotations

from typing import Final

from llvmlite import ir

from . import errors, ntt, residues
from .engine import Engine
from .target import Target

_SYMBOLS: Final = (
    "ntt_multiply_add",
    "residues_add",
    "residues_join",
    "residues_small",
    "ring_errors",
)


def build_residues(target: Target) -> str:
    """Write the unit of residues and errors."""
    module = ir.Module("residues")
    ntt.write_multiply_add(module)
    residues.write_residues_add(module)
    residues.write_residues_join(module)
    residues.write_residues_small(module)
    errors.write_errors(module)
    return str(module)


def build_transforms(target: Target, size: int) -> str:
    """Write the unit of the transform of N = `size` residues."""
    module = ir.Module(f"ntt{size}")
    ntt.write_transforms(module, size)
    return str(module)


def add_polynomials(engine: Engine, size: int) -> None:
    """Load the arithmetic of polynomials of N = `size` coefficients."""

    def build(target: Target) -> str:
        return build_transforms(target, size)

    engine.add_unit("residues", build_residues, _SYMBOLS)
    engine.add_unit(f"ntt{size}", build, (f"ntt_forward{size}", f"ntt_inverse{size}"))
