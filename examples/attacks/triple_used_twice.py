"""A triple used twice: the difference of two masked factors is the difference of the factors.

Products of shared numbers take a triple each [Bea91]. Here two products take the same one.
"""

import secrets
import sys
from random import Random

import numpy as np

from ezlang.compiler.protocols.arithmetic.products import multiply
from ezlang.executors.simulate.randomness import Randomness
from ezlang.executors.simulate.shares import additive
from ezlang.executors.simulate.two.dealer import Dealer
from ezlang.executors.simulate.two.sharing import SharingSession
from ezlang.executors.simulate.two.wire import Wire

BOB = 1


def opened(own, salary, seed, triples):
    """Multiply Bob's number, then the salary, by 3; return both as Bob sees them, under masks."""
    wire = Wire(record=True)
    streams = [Randomness(name, seed) for name in ("alice", "bob", "boxes", "dealer", "shares")]
    alice, bob, boxes, dealt, sharing = streams
    session = SharingSession(wire, (alice, bob), boxes, dealer=Dealer(dealt))

    def shared(number, owner):
        return additive(np.array([number], np.uint64), 2, owner, sharing)

    first, second, factor = shared(own, BOB), shared(salary, 0), shared(3, BOB)

    def protocol(party):
        me = party.index
        used = []
        for number in (first, second):
            if len(used) < triples:
                used.append((yield from party.preprocessing.triples(1, 64)))
            yield from multiply(party, number[me], factor[me], used[-1])
        return used

    used = session.run(protocol)[BOB]

    # What follows uses Bob's shares, and the two messages that he gets.
    messages = [np.frombuffer(m.data, np.uint64) for m in wire.transcript if m.receiver == BOB]
    masks = used[0].a, used[-1].a
    shares = first[BOB] - masks[0], second[BOB] - masks[1]
    return [int((share + got[:1])[0]) for share, got in zip(shares, messages, strict=True)]


def attack(seed):
    """Run two products with one triple; return Alice's secret, and what Bob finds."""
    random = Random(seed)
    salary, own = random.randrange(20_000, 200_000), random.randrange(2**32)
    first, second = opened(own, salary, seed, triples=1)  # the mistake
    found = (second + own - first) % 2**64  # Bob's own number gives the mask, own - first.
    right = opened(own, salary, seed, triples=2)

    print(f"Alice holds a salary: {salary}. Bob holds a number of his own: {own}.")
    print("The parties multiply Bob's number by 3, and the salary by 3, with the same triple.")
    print(f"Bob sees his number minus the mask: {first}")
    print(f"and the salary minus the same mask: {second}")
    print(f"He knows his number, so he knows the mask, and then the salary: {found}")
    print(f"With a second triple he would find {(right[1] + own - right[0]) % 2**64}")
    print("Rule: a triple is used once.")
    print("Where: docs/threat-model.md#prepared-runs, ezlang/store/folder.py")
    return salary, found


if __name__ == "__main__":
    attack(int(sys.argv[1]) if len(sys.argv) > 1 else secrets.randbits(32))
