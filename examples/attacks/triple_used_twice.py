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


def attack(seed):
    """Run two products with one triple; return Alice's secret, and what Bob finds."""
    random = Random(seed)
    salary, own, other = random.randrange(20_000, 200_000), random.randrange(2**32), 3
    wire = Wire(record=True)
    streams = [Randomness(name, seed) for name in ("alice", "bob", "boxes", "dealer", "shares")]
    alice, bob, boxes, dealt, sharing = streams
    session = SharingSession(wire, (alice, bob), boxes, dealer=Dealer(dealt))

    def shared(number, owner):
        return additive(np.array([number], np.uint64), 2, owner, sharing)

    first, second = shared(own, BOB), shared(salary, 0)
    factors = shared(other, BOB)

    def protocol(party):
        me = party.index
        triple = yield from party.preprocessing.triples(1, 64)
        yield from multiply(party, first[me], factors[me], triple)
        yield from multiply(party, second[me], factors[me], triple)  # the mistake
        return triple

    triples = session.run(protocol)

    # What follows uses Bob's shares, his own number, and the two messages that he gets.
    messages = [one for one in wire.transcript if one.receiver == BOB]
    opened = []
    for share, message in zip((first, second), messages, strict=True):
        theirs = np.frombuffer(message.data, np.uint64)[:1]
        opened.append(share[BOB] - triples[BOB].a + theirs)
    mask = own - opened[0]
    found = int((opened[1] + mask)[0])

    print(f"Alice holds a salary: {salary}. Bob holds a number of his own: {own}.")
    print("The parties multiply Bob's number by 3, and the salary by 3, with the same triple.")
    print(f"Bob sees his number minus the mask: {opened[0][0]}")
    print(f"and the salary minus the same mask: {opened[1][0]}")
    print(f"He knows his number, so he knows the mask, and then the salary: {found}")
    print("Rule: a triple is used once.")
    print("Where: docs/threat-model.md#prepared-runs, ezlang/store/folder.py")
    return salary, found


if __name__ == "__main__":
    attack(int(sys.argv[1]) if len(sys.argv) > 1 else secrets.randbits(32))
