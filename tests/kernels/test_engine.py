"""Compiling, caching and loading native code."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest
from llvmlite import ir

from ezlang.cache import cache_directory, read_cached, write_cached
from ezlang.compiler.ir.garbling import Garbling
from ezlang.compiler.kernels import units
from ezlang.compiler.kernels.abi import I32, I64
from ezlang.compiler.kernels.build import Kernel
from ezlang.compiler.kernels.engine import Engine, ObjectCache, cache_key
from ezlang.compiler.kernels.target import AesPath, Target, available_paths, host_target
from ezlang.diagnostics.diagnostic import EzError
from tests.support.kernel_calls import compile_assembly


def triple_module(name: str = "triple") -> str:
    module = ir.Module(name)
    k = Kernel(module, name, (("x", I64),), result=I64)
    k.finish(k["x"] * 3)
    return str(module)


def run_triple(engine: Engine) -> int:
    return int(engine.function("triple", ctypes.c_int64, result=ctypes.c_int64)(14))


@pytest.fixture
def cache(tmp_path: Path) -> ObjectCache:
    return ObjectCache(tmp_path / "objects")


def files_of(cache: ObjectCache) -> list[Path]:
    assert cache.folder is not None
    return list(cache.folder.iterdir())


def test_cold_then_warm(cache: ObjectCache) -> None:
    cold, warm = Engine(cache=cache), Engine(cache=cache)
    for engine in (cold, warm):
        engine.add_module("triple", triple_module(), ("triple",))
        assert run_triple(engine) == 42
    assert (cold.compiled, warm.compiled) == (1, 0)
    assert len(files_of(cache)) == 1


@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_damaged_entries_are_compiled_again(cache: ObjectCache, damage: str) -> None:
    Engine(cache=cache).add_module("triple", triple_module(), ("triple",))
    (entry,) = files_of(cache)
    data = bytearray(entry.read_bytes())
    data[len(data) // 2] ^= 1
    entry.write_bytes({"flip": bytes(data), "cut": bytes(data[:40]), "empty": b""}[damage])
    for compiled in (1, 0):
        engine = Engine(cache=cache)
        engine.add_module("triple", triple_module(), ("triple",))
        assert run_triple(engine) == 42
        assert engine.compiled == compiled


def test_unwritable_cache_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    engine = Engine(cache=ObjectCache(file / "objects"))
    engine.add_module("triple", triple_module(), ("triple",))
    assert run_triple(engine) == 42


def test_key_depends_on_everything() -> None:
    base = Target("x86_64-unknown-linux-gnu", "znver3", "+aes", AesPath.AESNI)
    others = [
        Target("x86_64-pc-windows-msvc", "znver3", "+aes", AesPath.AESNI),
        Target("x86_64-unknown-linux-gnu", "znver4", "+aes", AesPath.AESNI),
        Target("x86_64-unknown-linux-gnu", "znver3", "+aes,+vaes", AesPath.AESNI),
    ]
    keys = {cache_key("module", "text", target) for target in [base, *others]}
    keys |= {cache_key("unit", "text", base), cache_key("module", "other", base)}
    assert len(keys) == 6


def test_a_user_without_a_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("EZLANG_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    write_cached("nothing", b"kept")
    assert cache_directory() is None
    assert read_cached("nothing") is None
    Engine().add_module("triple", triple_module(), ("triple",))


def test_units_of_different_paths_are_different_entries(cache: ObjectCache) -> None:
    for path in available_paths():
        units.add_primitives(Engine(host_target(path), cache))
    assert len(files_of(cache)) == len(available_paths())


def test_processes_may_fill_the_cache_together(tmp_path: Path) -> None:
    code = (
        "from ezlang.compiler.kernels import units\n"
        "from ezlang.compiler.kernels.engine import Engine\n"
        "engine = Engine(); units.add_primitives(engine); print(engine.address('prg_fill') > 0)\n"
    )
    environment = {"EZLANG_CACHE": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    assert [process.communicate()[0].strip() for process in processes] == ["True"] * 3
    assert [path.suffix for path in tmp_path.iterdir()] == [".o"]


def test_modules_call_one_another(cache: ObjectCache) -> None:
    engine = Engine(cache=cache)
    engine.add_module("triple", triple_module(), ("triple",))
    module = ir.Module("nine")
    triple = ir.Function(module, ir.FunctionType(I64, [I64]), "triple")
    k = Kernel(module, "nine", (("x", I64),), result=I64)
    k.finish(k.call(triple, k.call(triple, k["x"])))
    engine.add_module("nine", str(module), ("nine",))
    assert engine.function("nine", ctypes.c_int64, result=ctypes.c_int64)(5) == 45


def test_early_return_on_status(cache: ObjectCache) -> None:
    module = ir.Module("early")
    fails = Kernel(module, "fails", (("x", I32),), internal=True)
    fails.finish(fails["x"])
    k = Kernel(module, "early", (("x", I32),))
    total = k.variable(k.i32(0))
    with k.loop(0, k.i32(4)) as i:
        k.check(k.call(fails, k["x"]))
        total.set(total.get() + i)
    k.require(total.get().equals(6), 9)
    k.finish()
    engine = Engine(cache=cache)
    engine.add_module("early", str(module), ("early",))
    early = engine.function("early", ctypes.c_int32)
    assert (early(0), early(7)) == (0, 7)


def test_path_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for path in available_paths():
        monkeypatch.setenv("EZLANG_CPU", path.value)
        assert host_target().path is path
    monkeypatch.setenv("EZLANG_CPU", "abacus")
    with pytest.raises(EzError, match="EZLANG_CPU=abacus"):
        host_target()


FOREIGN = [
    (Target("aarch64-unknown-linux-gnu", "generic", "+aes,+neon", AesPath.ARMV8), "aese"),
    (Target("aarch64-unknown-linux-gnu", "generic", "+neon", AesPath.PORTABLE), "eor"),
    (
        Target(
            "x86_64-unknown-linux-gnu",
            "znver4",
            "+vaes,+aes,+avx512f,+avx512vl,+avx512bw,+avx512dq,-prefer-256-bit",
            AesPath.VAES512,
        ),
        "%zmm",
    ),
]


@pytest.mark.parametrize("garbling", Garbling, ids=lambda one: one.value)
@pytest.mark.parametrize(("target", "mark"), FOREIGN)
def test_other_processors_code_is_generated(target: Target, mark: str, garbling: Garbling) -> None:
    """Compiled, not run: the paths that this machine may not have."""
    text = units.build_yao(target, garbler=False, garbling=garbling)
    assembly = compile_assembly(text, target)
    assert mark in assembly
    if target.path is AesPath.VAES512:
        lines = [line for line in assembly.splitlines() if "vaesenc" in line]
        assert any("%zmm" in line for line in lines)
