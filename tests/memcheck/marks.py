"""Client requests of valgrind's memcheck, from Python.

Memory that is marked as undefined is a secret: memcheck follows it through all operations, and
counts an error for each branch and each address that depends on it. A request is a sequence of
instructions that do nothing on a processor (valgrind.h), so that all functions do nothing and
return zero outside of valgrind.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir

from ezlang.compiler.kernels.engine import Engine

_RUNNING: Final = 0x1001
_ERRORS: Final = 0x1201
_UNDEFINED: Final = 0x4D430001
_DEFINED: Final = 0x4D430002

_PREAMBLE: Final = "rolq $$3, %rdi; rolq $$13, %rdi; rolq $$61, %rdi; rolq $$51, %rdi; "


@cache
def _engine() -> Engine:
    """Return an engine with `request(arguments*)`: a request, and what valgrind returns."""
    module = ir.Module("marks")
    word = ir.IntType(64)
    kind = ir.FunctionType(word, [word])
    function = ir.Function(module, kind, "request")
    builder = ir.IRBuilder(function.append_basic_block())
    instructions = ir.InlineAsm(
        ir.FunctionType(word, [word, word]),
        _PREAMBLE + "xchgq %rbx, %rbx",
        "={rdx},{rax},0,~{rdi},~{cc},~{memory}",
        side_effect=True,
    )
    builder.ret(builder.call(instructions, [function.args[0], word(0)]))
    engine = Engine()
    llvm.initialize_native_asmparser()
    engine.add_module("marks", str(module), ("request",))
    return engine


def _request(number: int, first: int = 0, second: int = 0) -> int:
    arguments = (ctypes.c_uint64 * 6)(number, first, second)
    function = _engine().function("request", ctypes.c_uint64, result=ctypes.c_uint64)
    return int(function(ctypes.addressof(arguments)))


def is_watched() -> bool:
    """Return whether valgrind runs this process."""
    return _request(_RUNNING) > 0


def errors() -> int:
    """Return how many errors there have been."""
    return _request(_ERRORS)


def hide(data: Any) -> Any:
    """Mark the content of an array or of bytes as secret; return it."""
    return _marked(_UNDEFINED, data)


def show(data: Any) -> Any:
    """Mark the content of an array or of bytes as public; return it."""
    return _marked(_DEFINED, data)


def _marked(number: int, data: Any) -> Any:
    view = data if isinstance(data, np.ndarray) else np.frombuffer(data, np.uint8)
    if view.nbytes:
        if not view.flags.c_contiguous:
            raise ValueError("only contiguous memory can be marked")
        _request(number, view.__array_interface__["data"][0], view.nbytes)
    return data


def errors_of(work: Callable[[], object]) -> int:
    """Return how many errors there are in a second call; the first one imports and compiles."""
    work()
    before = errors()
    work()
    return errors() - before
