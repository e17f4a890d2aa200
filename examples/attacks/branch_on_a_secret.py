"""A missing information-flow check: a loop that ends by a secret, and the lengths of messages.

A check of programs as in [DD77] refuses it. Without one, whoever counts bytes reads the secret.
"""

import secrets
import sys
from random import Random

import ezlang as ez
from ezlang.diagnostics.diagnostic import EzError

PROGRAM = """
party alice, bob;
%s
fn main() {
    %s
    secret uint32 factor = input(bob, "factor");
    secret uint32 money = input(alice, "money");
    secret uint8 turn = 0;
    %s
        %s
        turn += 1;
    }
    output(bob, money, "money");
}
"""
YEARS = 'secret uint8 years = input(alice, "years");'
STEP = "money = money * factor + 7;"
CARELESS = PROGRAM % ("", YEARS, "while turn < years {", STEP)
RIGHT = PROGRAM % ("", YEARS, "for i in 0..8 {", f"if turn < years {{ {STEP} }}")
# What a compiler without the check would run: as many turns, in the open, as years.
UNCHECKED = PROGRAM % ("param int32 years;", "", "for i in 0..years {", STEP)


def bytes_of(program, **years):
    """Run a program simulated; return how many bytes the parties send."""
    return sum(program.run(alice={"money": 100, **years}, bob={"factor": 3}).cost.bytes.values())


def attack(seed):
    """Run the program as without the check; return the years, and what an eavesdropper finds."""
    years = Random(seed).randrange(9)
    print(f"Alice holds a number of years: {years}. Bob holds a factor of interest.")
    print("The program multiplies Alice's money by it while turn < years.")
    try:
        ez.loads(CARELESS)
    except EzError as refused:
        print("Ez refuses it:", str(refused).splitlines()[0])
    seen = bytes_of(ez.loads(UNCHECKED, years=years))

    # What follows uses the program, which all have, and the number of bytes on the network.
    lengths = {n: bytes_of(ez.loads(UNCHECKED, years=n)) for n in range(9)}
    (found,) = (n for n, length in lengths.items() if length == seen)

    print(f"A compiler without this check would send a message in each turn: {seen} bytes in all.")
    print(f"For 0, 1, 2, 3 years it would be {', '.join(str(lengths[n]) for n in range(4))} bytes.")
    print(f"So whoever counts the bytes has the number of years: {found}")
    right = ez.loads(RIGHT)
    few, many = (bytes_of(right, years=n) for n in (0, 8))
    print(f"With a public bound and an `if` inside: {few} bytes for 0, {many} for 8.")
    print("Rule: what is sent, and how often, never depends on a secret.")
    print(
        "Where: docs/errors.md#ez3007-a-loop-whose-length-is-secret, ezlang/check/messages/flow.py"
    )
    return years, found


if __name__ == "__main__":
    attack(int(sys.argv[1]) if len(sys.argv) > 1 else secrets.randbits(32))
