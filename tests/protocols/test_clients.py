"""What clients give and are told: right, and uniform for whoever isn't meant to know it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.dtypes import share_dtype
from ezlang.compiler.ir.parties import COMPUTING
from ezlang.compiler.ir.tree import Sharing
from ezlang.compiler.protocols.core.steps import Round, Steps
from ezlang.compiler.protocols.operations.clients import message_bytes, steps_with_client
from ezlang.executors.native.executable import executable_of
from ezlang.executors.simulate import SimulatedOutcome, run_two
from ezlang.types.labels import PUBLIC, SECRET, owned
from ezlang.types.types import BOOL, INT8, INT32, INT64, ScalarType
from ezlang.values.check import check_inputs
from tests.support.agreement import checked

CLIENT = 5


def value(element: ScalarType, size: int, label: Any, sharing: Sharing | None = None) -> ir.Value:
    type = ir.TensorType(element, (size,), label, sharing)
    return ir.Value(0 if sharing is None else 1, type)


def exchanged(runs: dict[int, Steps[Any]]) -> tuple[dict[int, Any], dict[tuple[int, int], Any]]:
    """Run everybody's single step; return the results, and what was sent over each link."""
    steps, found = {}, {}
    for party, run in runs.items():
        try:
            steps[party] = next(run)
        except StopIteration as end:
            found[party] = end.value
    sent = {
        (party, one.peer): np.concatenate([part.view(np.uint8).reshape(-1) for part in one.send])
        for party, step in steps.items()
        for one in step
        if isinstance(one, Round) and one.send
    }
    for party, step in steps.items():
        rounds = [one for one in step if isinstance(one, Round)]
        replies = [sent.get((one.peer, party)) if one.receive else None for one in rounds]
        for one, reply in zip(rounds, replies, strict=True):
            assert one.receive == (0 if reply is None else reply.nbytes)
        with pytest.raises(StopIteration) as ended:
            runs[party].send(replies)
        found[party] = ended.value.value
    return found, sent


def random_bytes(seed: int) -> Any:
    source = np.random.default_rng(seed)
    return lambda count: source.integers(0, 256, count, dtype=np.uint8)


def words(element: ScalarType, size: int, seed: int) -> Any:
    source = np.random.default_rng(seed)
    if element.is_logical:
        return source.integers(0, 2, size, dtype=np.uint8)
    return source.integers(0, 1 << (element.width - 1), size).astype(share_dtype(element))


@pytest.mark.parametrize("sharing", [Sharing.ARITHMETIC, Sharing.BOOLEAN])
@pytest.mark.parametrize("element", [BOOL, INT8, INT32, INT64], ids=str)
@pytest.mark.parametrize("size", [0, 1, 9])
def test_given_and_told_again(element: ScalarType, sharing: Sharing, size: int) -> None:
    if element.is_logical and sharing is Sharing.ARITHMETIC:
        return
    source, secret = value(element, size, owned(CLIENT)), value(element, size, SECRET, sharing)
    give = ir.Give(operands=(source,), results=(secret,))
    x = words(element, size, 1)
    operands = {0: None, 1: None, CLIENT: x}
    made, sent = exchanged(
        {p: steps_with_client(p, random_bytes(p), give, one) for p, one in operands.items()}
    )
    assert all(one.nbytes == message_bytes(secret.type) for one in sent.values())
    assert sent.keys() == ({(CLIENT, 0), (CLIENT, 1)} if size else set())
    additive = sharing is Sharing.ARITHMETIC
    assert np.array_equal(made[0] + made[1] if additive else made[0] ^ made[1], x)

    told = value(element, size, owned(CLIENT))
    tell = ir.Tell(operands=(secret,), results=(told,), clients=(CLIENT,), additive=additive)
    hear = ir.Tell(results=(told,), clients=(CLIENT,), additive=additive)
    runs = {p: steps_with_client(p, random_bytes(p), tell, made[p]) for p in COMPUTING}
    runs[CLIENT] = steps_with_client(CLIENT, random_bytes(9), hear, None)
    found, _ = exchanged(runs)
    assert np.array_equal(found[CLIENT], x)


def test_what_is_public_comes_from_the_first_of_the_two() -> None:
    public = value(INT32, 3, PUBLIC)
    x = words(INT32, 3, 2)
    tell = ir.Tell(operands=(public,), clients=(CLIENT, CLIENT + 1))
    hear = ir.Tell(results=(public,), clients=(CLIENT,))
    runs = {p: steps_with_client(p, random_bytes(p), tell, x) for p in COMPUTING}
    for client in tell.clients:
        own = hear if client == CLIENT else ir.Tell(results=(public,), clients=(client,))
        runs[client] = steps_with_client(client, random_bytes(9), own, None)
    found, sent = exchanged(runs)
    assert sent.keys() == {(0, CLIENT), (0, CLIENT + 1)}
    assert all(np.array_equal(found[client], x) for client in tell.clients)


PROGRAM = """
party a, b, h, g;
compute a, b;
fn main() {
    secret int32[16] x = input(h, "x");
    @g int32[16] y = input(g, "y");
    secret int32[16] most = max(x, y);
    output(g, reveal(most, g), "most");
    output(h, reveal(y[0], h), "from g");
}
"""


def run(protocol: str, x: list[int], y: list[int], seed: int) -> SimulatedOutcome:
    program = checked(PROGRAM)
    code = executable_of(program, protocol).program
    inputs = check_inputs(program, {"h": {"x": x}, "g": {"y": y}})
    return run_two(code, inputs, seed=seed)


@pytest.mark.parametrize("protocol", ["yao", "boolean", "arithmetic"])
def test_what_each_of_the_two_receives_from_clients_is_uniform(protocol: str) -> None:
    """Whatever is given: over many runs, each bit is 1 in half of them."""
    for x in ([0] * 16, [-1] * 16):
        ones: dict[int, Any] = defaultdict(float)
        runs = 32
        for seed in range(runs):
            outcome = run(protocol, x, x, seed)
            received: dict[int, list[Any]] = defaultdict(list)
            for one in outcome.transcript:
                if one.sender > 1:
                    received[one.receiver].append(np.unpackbits(np.frombuffer(one.data, np.uint8)))
            for server, bits in received.items():
                ones[server] = ones[server] + np.concatenate(bits)
        for server in COMPUTING:
            # Six standard deviations of each bit, and of all of them together.
            assert np.all(abs(ones[server] - runs / 2) <= 3 * runs**0.5)
            total = ones[server].size * runs
            assert abs(ones[server].sum() - total / 2) <= 3 * total**0.5


@pytest.mark.parametrize("protocol", ["yao", "boolean", "arithmetic"])
def test_a_client_receives_what_it_is_told_and_nothing_else(protocol: str) -> None:
    """The shares of what a client learns are a function of it and of randomness alone."""
    y = [5] * 16
    outcome = run(protocol, [9] * 16, y, 1)
    assert outcome.outputs == {"a": {}, "b": {}, "h": {"from g": 5}, "g": {"most": [9] * 16}}
    sizes: dict[tuple[int, int], int] = defaultdict(int)
    for one in outcome.transcript:
        assert min(one.sender, one.receiver) in COMPUTING, "clients have no channel"
        if max(one.sender, one.receiver) not in COMPUTING:
            sizes[one.sender, one.receiver] += one.size
    h, g, word = 2, 3, 4
    assert {(p, h): word for p in COMPUTING}.items() <= sizes.items()
    assert {(p, g): 16 * word for p in COMPUTING}.items() <= sizes.items()
    shares = [
        np.concatenate(
            [
                np.frombuffer(one.data, np.uint8)
                for one in outcome.transcript
                if (one.sender, one.receiver) == (server, g)
            ]
        ).view(np.uint32)
        for server in COMPUTING
    ]
    assert not any(np.any(share == 9) for share in shares)
    opened = {"+": shares[0] + shares[1], "^": shares[0] ^ shares[1]}
    assert any(np.all(one == 9) for one in opened.values())
