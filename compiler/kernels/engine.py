"""Native code: compiled for this processor, cached on disk, loaded into the process.

An `Engine` holds modules that may call one another's exported functions: first kernels, then the
compiled program. Each engine has a name space of its own, so a process can hold a garbler and an
evaluator. Objects are position-independent, and LLVM's ORC links them: it places and relocates them
itself. Symbols that a module doesn't define are looked up in the modules before it, then in the
process (`memcpy` and the like).

The cache (`ezlang/cache.py`) has one entry for each object, named by the SHA-256 of everything that
the object depends on.
"""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import llvmlite
import llvmlite.binding as llvm

import ezlang
from ezlang.cache import cache_directory, read_cached, write_cached

from .target import Target, host_target

OPTIMISATION: Final = 3
LONG: Final = 10_000
"""The number of lines from which on a module is compiled with fewer optimisations."""
_OPTIONS: Final = ("-enable-misched=false",)
"""Instructions stay in the order in which kernels are written. LLVM's machine scheduler would run
the rounds of one cipher state after another, to save registers, and so wait for each.
"""


class ObjectCache:
    """Compiled objects on disk, shared by processes.

    A missing or read-only folder is not an error: this process then keeps them in memory.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = cache_directory() if folder is None else folder

    def load(self, key: str) -> bytes | None:
        """Return an entry, or None if it doesn't exist or is damaged."""
        return read_cached(f"{key}.o", self.folder) or _in_memory.get(key)

    def has(self, key: str) -> bool:
        """Return whether there is an entry, which may be damaged."""
        return key in _in_memory or (
            self.folder is not None and (self.folder / f"{key}.o").exists()
        )

    def store(self, key: str, image: bytes) -> None:
        """Write an entry."""
        if not write_cached(f"{key}.o", image, self.folder):
            _in_memory[key] = image


_in_memory: Final[dict[str, bytes]] = {}


@cache
def _kernel_sources() -> str:
    """Return a digest of the code that generates kernels: the identity of a named unit."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def cache_key(kind: str, identity: str, target: Target) -> str:
    """Return the name of a cached object: a hash of everything that it depends on."""
    parts = (
        kind,
        identity,
        ezlang.__version__,
        llvmlite.__version__,
        ".".join(str(part) for part in llvm.llvm_version_info),
        target.triple,
        target.cpu,
        target.features,
        str(OPTIMISATION),
        *_OPTIONS,
    )
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _target_machine(target: Target, level: int = OPTIMISATION) -> Any:
    return llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=level, reloc="pic", codemodel="small"
    )


@cache
def _set_options() -> None:
    for option in _OPTIONS:
        llvm.set_option("ezlang", option)


def optimise(ir_text: str, target: Target, *, unroll: bool = True) -> tuple[Any, Any]:
    """Parse, verify and optimise a module; return it with its target machine.

    Without `unroll`, a long module is that of a long program: its code runs once or consists of
    calls, so that optimisation gains little and takes long.
    """
    _set_options()
    long = not unroll and ir_text.count("\n") > LONG
    machine = _target_machine(target, 0 if long else OPTIMISATION)
    module = llvm.parse_assembly(ir_text)
    module.triple = target.triple
    module.data_layout = str(machine.target_data)
    module.verify()
    level = 1 if long else OPTIMISATION
    tuning = llvm.create_pipeline_tuning_options(speed_level=level)
    tuning.loop_vectorization = True
    tuning.slp_vectorization = False
    tuning.loop_unrolling = unroll
    builder = llvm.create_pass_builder(machine, tuning)
    builder.getModulePassManager().run(module, builder)
    return module, machine


def compile_object(ir_text: str, target: Target, *, unroll: bool = True) -> bytes:
    """Compile a module to an object file."""
    module, machine = optimise(ir_text, target, unroll=unroll)
    return bytes(machine.emit_object(module))


class Engine:
    """Loaded native code. Keep it alive as long as any of its addresses is in use."""

    def __init__(self, target: Target | None = None, cache: ObjectCache | None = None) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self.target = host_target() if target is None else target
        self.cache = ObjectCache() if cache is None else cache
        self.compiled = 0
        self._jit = llvm.create_lljit_compiler(_target_machine(self.target), use_jit_link=True)
        self._trackers: list[Any] = []
        self._addresses: dict[str, int] = {}
        self._units: set[str] = set()

    def add_unit(self, name: str, build: Callable[[Target], str], symbols: tuple[str, ...]) -> None:
        """Load a unit of the kernels, once; `build` writes its IR if it isn't in the cache."""
        if name in self._units:
            return
        self._units.add(name)
        key = cache_key(f"unit {name} {self.target.path.value}", _kernel_sources(), self.target)
        self._load(name, key, lambda: build(self.target), symbols)

    def add_module(self, name: str, ir_text: str, symbols: tuple[str, ...] = ()) -> None:
        """Load a module given as text; `symbols` are the functions that it exports."""
        key = cache_key("module", hashlib.sha256(ir_text.encode()).hexdigest(), self.target)
        self._load(name, key, lambda: ir_text, symbols)

    def add_source(
        self, name: str, identity: str, build: Callable[[], str], symbols: tuple[str, ...]
    ) -> None:
        """Load a module that `build` writes if it isn't cached under its kind and `identity`.

        The identity must determine the module's text. Loops are not unrolled: those of programs
        mostly call or copy, and unrolled loop nests take seconds to compile.
        """
        self._load(name, cache_key(name, identity, self.target), build, symbols, unroll=False)

    def address(self, symbol: str) -> int:
        """Return the address of an exported function."""
        return self._addresses[symbol]

    def function(self, symbol: str, *parameters: Any, result: Any = ctypes.c_int32) -> Any:
        """Return an exported function as a Python callable."""
        return ctypes.CFUNCTYPE(result, *parameters)(self.address(symbol))

    def _load(
        self,
        name: str,
        key: str,
        text: Callable[[], str],
        symbols: tuple[str, ...],
        *,
        unroll: bool = True,
    ) -> None:
        image = self.cache.load(key) or self._compile(key, text, unroll=unroll)
        library = llvm.JITLibraryBuilder().add_object_img(image).add_current_process()
        for symbol, address in self._addresses.items():
            library.import_symbol(symbol, address)
        for symbol in symbols:
            library.export_symbol(symbol)
        tracker = library.link(self._jit, f"{name}-{len(self._trackers)}")
        self._trackers.append(tracker)
        self._addresses.update({symbol: tracker[symbol] for symbol in symbols})

    def _compile(self, key: str, text: Callable[[], str], *, unroll: bool) -> bytes:
        """Compile a module and cache the object."""
        image = compile_object(text(), self.target, unroll=unroll)
        self.compiled += 1
        self.cache.store(key, image)
        return image


class Precompiler(Engine):
    """Takes the place of an engine where units are added, and only compiles those not cached."""

    def _load(
        self,
        name: str,
        key: str,
        text: Callable[[], str],
        symbols: tuple[str, ...],
        *,
        unroll: bool = True,
    ) -> None:
        if not self.cache.has(key):
            self._compile(key, text, unroll=unroll)
