"""A garbled circuit evaluated twice under the same labels: the evaluator gets both labels of a
wire, and so the difference of the labels of every wire [Yao82], [KS08].
"""

import secrets
import sys
from random import Random

from ezlang.compiler.circuits.catalogue import SECRET, binary
from ezlang.compiler.ir.tree import BinaryKind
from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.executors.simulate.randomness import Randomness
from ezlang.executors.simulate.two.garbling import Garbling, Rows
from ezlang.types.types import UINT32

LESS = binary(BinaryKind.LT, UINT32, SECRET, SECRET)
WIDTH = 32


def bits(number):
    """Return the bits of a number, the lowest first."""
    return [number >> place & 1 for place in range(WIDTH)]


def attack(seed):
    """Garble Alice's wealth < Bob's once, run it twice; return her wealth, and what Bob finds."""
    random = Random(seed)
    wealth, monday, tuesday = (random.randrange(2**32) for _ in range(3))
    delta = random.getrandbits(128) | 1
    zeros = [random.getrandbits(128) for _ in range(2 * WIDTH)]

    def evaluate(active):
        """Evaluate the one garbled circuit on labels, and decode the result by its color."""
        again = Garbling(delta, Randomness("hash", seed), Randomness("coins", seed))
        made = again.run(LESS, Rows(list(zeros), list(active)), 1)
        return again.tables, (made.active[0] ^ made.zeros[0]) & 1

    def labels(number, first):
        return [zeros[first + i] ^ bit * delta for i, bit in enumerate(bits(number))]

    alices = labels(wealth, 0)
    one, other = labels(monday, WIDTH), labels(tuesday, WIDTH)  # the mistake
    tables, poorer = evaluate(alices + one)
    same, _ = evaluate(alices + other)
    assert tables == same

    # What follows uses the labels that Bob was given, his inputs, the tables and the decoding. The
    # simulator's hash raises an error if it is asked for labels that aren't those of the circuit.
    changed = next(i for i in range(WIDTH) if one[i] != other[i])
    difference = one[changed] ^ other[changed]
    low, high, tries = 0, 2**32 - 1, 0
    while low < high:
        guess, tries = (low + high + 1) // 2, tries + 1
        flips = zip(one, bits(guess ^ monday), strict=True)
        _, less = evaluate(alices + [label ^ bit * difference for label, bit in flips])
        low, high = (low, guess - 1) if less else (guess, high)

    print(f"Alice holds her wealth: {wealth}. Bob's is {monday} on Monday, {tuesday} on Tuesday.")
    print(f"On Monday Bob is told whether Alice has less: {'yes' if poorer else 'no'}.")
    print("On Tuesday he evaluates the same tables, with labels of his new number.")
    print(f"Of wire {changed} he has both labels now. They differ by {difference:032x},")
    print("and so do those of every wire. He evaluates the circuit on any number of his.")
    print(f"After {tries} evaluations, and no further message, he has Alice's wealth: {low}")
    fresh = random.getrandbits(128)  # a label of a second garbling, which says nothing of the first
    try:
        evaluate([*alices, fresh, *one[1:]])
    except CompilerBug as refused:
        print(f"With fresh labels on Tuesday, {refused}.")
    print("Rule: labels and tables are drawn anew for each evaluation.")
    print("Where: docs/threat-model.md#what-it-rests-on, compiler/protocols/yao/session.py")
    return wealth, low


if __name__ == "__main__":
    attack(int(sys.argv[1]) if len(sys.argv) > 1 else secrets.randbits(32))
