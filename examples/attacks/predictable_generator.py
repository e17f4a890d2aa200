"""A predictable generator: whoever guesses its seed draws the same masks [GW96].

The simulator draws all randomness from a seed, if it is given one. Here the seed is the clock.
"""

import secrets
import sys
from random import Random

import ezlang as ez

PROGRAM = """
party alice, bob;

fn main() {
    secret uint32 salary = input(alice, "salary");
    secret uint32 ticket = random();
    secret uint32 mask = random();
    output(all, ticket, "number of this run");
    output(bob, salary + mask, "masked salary");
}
"""
SECONDS = 60


def replayed(program, told, now):
    """Play the run for each of the last seconds; return the tries, and the run that is like it."""
    for tries in range(SECONDS):
        again = program.run(alice={"salary": 0}, seed=now - tries)["bob"]
        if again["number of this run"] == told["number of this run"]:
            return tries + 1, again
    return SECONDS, None


def attack(seed):
    """Run a program seeded by the clock; return Alice's salary, and what Bob finds."""
    random = Random(seed)
    salary = random.randrange(20_000, 200_000)
    midnight = 1_790_000_000
    clock = midnight + random.randrange(86_400)
    program = ez.loads(PROGRAM)
    told = program.run(alice={"salary": salary}, seed=clock)["bob"]  # the mistake
    now = clock + random.randrange(SECONDS)

    # What follows uses what Bob was told, and about when: he plays the run again in his simulator,
    # with a salary of 0, for each second of the last minute.
    tries, again = replayed(program, told, now)
    right, like = replayed(program, program.run(alice={"salary": salary})["bob"], now)
    found = (told["masked salary"] - again["masked salary"]) % 2**32

    print(f"Alice holds a salary: {salary}. It is released to Bob under a mask nobody may know.")
    print(f"Bob is told {told['masked salary']}, in run {told['number of this run']}.")
    print("The generator was started from the clock, in seconds.")
    print(f"Bob repeats the run for each second back. After {tries} tries he gets that number.")
    print(f"The mask of this run is {again['masked salary']}, and the salary is {found}")
    print(f"If the operating system draws: {right} tries, {'a' if like else 'no'} run like it.")
    print("Rule: randomness comes from the operating system, and a real run has no seed.")
    print("Where: docs/threat-model.md#random-numbers, ezlang/cli/run.py")
    return salary, found


if __name__ == "__main__":
    attack(int(sys.argv[1]) if len(sys.argv) > 1 else secrets.randbits(32))
