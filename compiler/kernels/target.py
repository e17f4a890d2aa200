"""The target of native code: processor, features, and the AES path that they allow.

The path is determined by the features at run time, or by the environment variable EZLANG_CPU
(`vaes512`, `vaes256`, `aesni`, `armv8`, `portable`), which may only ask for an available path.
"""

from __future__ import annotations

import os
from enum import Enum
from typing import Final

import llvmlite.binding as llvm

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.records import dataclass


class AesPath(Enum):
    """The implementations of AES, the fastest first."""

    VAES512 = "vaes512"
    VAES256 = "vaes256"
    AESNI = "aesni"
    ARMV8 = "armv8"
    PORTABLE = "portable"


_NEEDS: Final[dict[AesPath, tuple[str, ...]]] = {
    AesPath.VAES512: ("vaes", "aes", "avx512f", "avx512vl", "avx512bw", "avx512dq"),
    AesPath.VAES256: ("vaes", "aes", "avx2"),
    AesPath.AESNI: ("aes", "ssse3"),
    AesPath.ARMV8: ("aes", "neon"),
    AesPath.PORTABLE: (),
}


@dataclass(frozen=True, slots=True)
class Target:
    """A processor to compile for; `features` in LLVM's form (`+aes,-avx512f,…`)."""

    triple: str
    cpu: str
    features: str
    path: AesPath

    @property
    def vector_bytes(self) -> int:
        """The size of the registers that kernels without AES compute in."""
        if self.path is AesPath.VAES512:
            return 64
        wide = self.path is not AesPath.PORTABLE and "+avx2" in self.features.split(",")
        return 32 if wide else 16


def _is_arm(triple: str) -> bool:
    return triple.startswith(("aarch64", "arm64"))


def available_paths() -> tuple[AesPath, ...]:
    """Return the AES paths that this processor supports, the fastest first."""
    features = llvm.get_host_cpu_features()
    arm = _is_arm(llvm.get_process_triple())
    return tuple(
        path
        for path, needs in _NEEDS.items()
        if (path is AesPath.PORTABLE or (path is AesPath.ARMV8) == arm)
        and all(features.get(feature, False) for feature in needs)
    )


def host_target(path: AesPath | None = None) -> Target:
    """Return this processor, with the path given by `path`, by EZLANG_CPU, or the fastest one."""
    available = available_paths()
    wanted = os.environ.get("EZLANG_CPU", "") if path is None else path.value
    chosen = available[0] if not wanted else next((p for p in available if p.value == wanted), None)
    if chosen is None:
        names = ", ".join(p.value for p in available)
        raise EzError(
            Diagnostic(
                code="EZ5020",
                message=(
                    f"This processor does not support the code that EZLANG_CPU={wanted} asks for"
                ),
                span=None,
                help=f"unset EZLANG_CPU, or set it to one of: {names}",
            ),
            exit_code=2,
        )
    features = llvm.get_host_cpu_features().flatten()
    if chosen is AesPath.VAES512:
        # The tuning of some processors splits 512-bit vectors, which must not happen for VAES-512.
        features += ",-prefer-256-bit"
    return Target(llvm.get_process_triple(), llvm.get_host_cpu_name(), features, chosen)
