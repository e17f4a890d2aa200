"""Netlists for tests: random ones, and one that uses every instruction."""

from __future__ import annotations

import random

import numpy as np

from ezlang.compiler.circuits.netlist import Netlist, Opcode, Port


def random_netlist(seed: int, ports: tuple[Port, ...], groups: int) -> Netlist:
    """Code with every opcode; registers are written in place now and then."""
    rng = random.Random(seed)
    kinds = [port.public for port in ports for _ in range(port.width)]
    code: list[tuple[int, int, int, int]] = []

    def pick(public: bool) -> int:
        return rng.choice([i for i, kind in enumerate(kinds) if kind == public])

    def target(public: bool) -> int:
        if rng.random() < 0.3:
            return pick(public)
        kinds.append(public)
        return len(kinds) - 1

    free = [opcode for opcode in Opcode if opcode not in (Opcode.AND, Opcode.GROUP)]
    ands = 0
    for _ in range(groups):
        for _ in range(rng.randrange(12)):
            opcode = rng.choice(free)
            public = opcode >= Opcode.PUBLIC_XOR
            constant = opcode in (Opcode.CONSTANT, Opcode.PUBLIC_CONSTANT)
            a = rng.randrange(2) if constant else pick(public)
            b = pick(public or opcode in (Opcode.XOR_PUBLIC, Opcode.AND_PUBLIC))
            code.append((opcode, target(public), a, b))
        size = rng.choice([1, 1, 2, 3, 7, 8, 9, 21])
        operands = [(pick(False), pick(False)) for _ in range(size)]
        code.append((Opcode.GROUP, size, 0, 0))
        for a, b in operands:
            kinds.append(False)
            code.append((Opcode.AND, len(kinds) - 1, a, b))
        ands += size
    secret = [i for i, public in enumerate(kinds) if not public]
    outputs = tuple(rng.choice(secret) for _ in range(40))
    return Netlist(
        name=f"random{seed}",
        ports=ports,
        outputs=outputs,
        code=np.array(code, dtype=np.int32),
        registers=len(kinds),
        ands=ands,
        depth=groups,
    )


def and_netlist(ands: int) -> Netlist:
    """One group of ANDs: bit by bit of two ports."""
    code = [(Opcode.GROUP, ands, 0, 0)]
    code += [(Opcode.AND, 2 * ands + i, i, ands + i) for i in range(ands)]
    return Netlist(
        name="and",
        ports=(Port(ands), Port(ands)),
        outputs=tuple(range(2 * ands, 3 * ands)),
        code=np.array(code, dtype=np.int32),
        registers=3 * ands,
        ands=ands,
        depth=1,
    )
