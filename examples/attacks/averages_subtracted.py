"""Averages that reveal by subtraction: two harmless questions, and one salary [DDS79].

Both programs are right, and every protocol is followed. What they release together is the break.
"""

import secrets
import sys
from pathlib import Path
from random import Random

import ezlang as ez

PROGRAMS = Path(__file__).parent / "averages"


def attack(seed):
    """Ask for the averages of five and of four; return the fifth salary, and what is found."""
    random = Random(seed)
    salaries = [random.randrange(20_000, 200_000) for _ in range(5)]
    averages, releases = [], []
    for name in ("of_five.ez", "of_four.ez"):
        program = ez.load(PROGRAMS / name)
        releases += [(name, release) for release in program.leaks()]
        averages.append(program.run(company={"salaries": salaries})["union"]["average"])

    # What follows uses what the union was told.
    found = round(5 * averages[0] - 4 * averages[1])

    print(f"The company holds five salaries: {', '.join(map(str, salaries))}.")
    for name, release in releases:
        print(f"{name} releases to the {release.to}: {release.expression}")
    print(f"In May the union is told the average of five: {averages[0]:.2f}")
    print(f"In June, after one has left, the average of four: {averages[1]:.2f}")
    print(f"Five times the one minus four times the other is what that person earned: {found}")
    print("Rule: what all runs release together has to be judged, not one run alone.")
    print("Where: docs/threat-model.md#what-each-party-learns, ezlang/analysis/leaks.py")
    return salaries[4], found


if __name__ == "__main__":
    attack(int(sys.argv[1]) if len(sys.argv) > 1 else secrets.randbits(32))
