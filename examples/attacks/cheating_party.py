"""A cheating party against a semi-honest protocol: it adds to its share, and nobody notices.

Whoever adds 1 to its share adds 1 to the number that is shared [GIP+14]. The program is to tell
Bob Alice's key only if Bob knows her PIN: it opens right · key, where `right` is 1 or 0.
"""

import secrets
import sys
from random import Random

import numpy as np

from ezlang.compiler.protocols.arithmetic.products import multiply, open_numbers
from ezlang.executors.simulate.randomness import Randomness
from ezlang.executors.simulate.shares import additive
from ezlang.executors.simulate.two.sharing import SharingSession
from ezlang.executors.simulate.two.wire import Wire

BOB = 1


def opened(right, key, seed, cheat):
    """Return what Bob is told: right · key. A cheating Bob adds 1 to his share of `right`."""
    streams = [Randomness(name, seed) for name in ("alice", "bob", "boxes", "shares")]
    alice, bob, boxes, sharing = streams
    session = SharingSession(Wire(record=False), (alice, bob), boxes)
    # As the comparison of PINs leaves it: shares of a number that neither party knows.
    rights = additive(np.array([right], np.uint64), 2, BOB, sharing)
    keys = additive(np.array([key], np.uint64), 2, 0, sharing)

    def protocol(party):
        share = rights[party.index]
        if party.index == BOB and cheat:
            share = share + np.uint64(1)
        product = yield from multiply(party, share, keys[party.index])
        return (yield from open_numbers(party, product))

    told = session.run(protocol)
    return int(told[BOB][0])


def attack(seed):
    """Run the program with a wrong PIN; return Alice's key, and what a cheating Bob is told."""
    random = Random(seed)
    key = random.getrandbits(64)
    pin = random.randrange(10_000)
    guess = (pin + random.randrange(1, 10_000)) % 10_000
    right = int(guess == pin)
    honest = opened(right, key, seed, cheat=False)
    found = opened(right, key, seed, cheat=True)

    print(f"Alice holds a key, {key}, and a PIN, {pin:04}. Bob guesses {guess:04}.")
    print(f"A Bob who follows the protocol is told right * key = {honest}.")
    print("A Bob who cheats adds 1 to his share of `right`. It is as uniform as it was before.")
    print(f"Now (right + 1) * key is opened, and he is told {found}")
    print(
        "Rule: the parties follow the protocol. Against those who don't, shares have MACs [DKL+13]."
    )
    print("Where: docs/threat-model.md#what-isnt-protected, compiler/protocols/core/party.py")
    return key, found


if __name__ == "__main__":
    attack(int(sys.argv[1]) if len(sys.argv) > 1 else secrets.randbits(32))
