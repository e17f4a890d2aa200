"""Reference results of the examples, computed by other means on random inputs.

Each function makes inputs, params and the outputs that they should give. None of them shares a
line or an algorithm with the example: sets, sorting and dictionaries take the place of networks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

INT32 = range(-(2**31), 2**31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Inputs of a program and its expected outputs, both party → name → value."""

    inputs: dict[str, dict[str, Any]]
    outputs: dict[str, dict[str, Any]]
    params: dict[str, int] = field(default_factory=dict)


def both(outputs: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the same outputs for Alice and for Bob."""
    return {"alice": outputs, "bob": outputs}


def draw(random: Random, values: range, count: int) -> list[int]:
    """Return `count` numbers out of `values`."""
    return [random.choice(values) for _ in range(count)]


def millionaires(random: Random) -> Case:
    a = random.choice(INT32)
    b = random.choice([a, a + 1 if a + 1 in INT32 else a, random.choice(INT32)])
    return Case(
        inputs={"alice": {"wealth": a}, "bob": {"wealth": b}},
        outputs=both({"alice is richer": a > b}),
    )


def digits(random: Random) -> Case:
    """All numbers are multiples of 1/16, so that no product is rounded."""

    def numbers(count: int, most: int) -> list[float]:
        return [random.randint(-most, most) / 16 for _ in range(count)]

    filters = [[[numbers(3, 40) for _ in range(3)]] for _ in range(8)]
    weights = [numbers(72, 40) for _ in range(10)]
    filter_bias, bias = numbers(8, 40), numbers(10, 40)
    image = [[random.randint(0, 16) / 16 for _ in range(8)] for _ in range(8)]
    pooled = []
    for filter, shift in zip(filters, filter_bias, strict=True):
        seen = {
            (a, b): shift
            + sum(filter[0][u][v] * image[a + u][b + v] for u in range(3) for v in range(3))
            for a in range(6)
            for b in range(6)
        }
        for a in (0, 2, 4):
            for b in (0, 2, 4):
                pooled.append(max(0.0, *(seen[a + u, b + v] for u in (0, 1) for v in (0, 1))))
    scores = [
        one + sum(w * x for w, x in zip(row, pooled, strict=True))
        for row, one in zip(weights, bias, strict=True)
    ]
    given = {"filters": filters, "filter bias": filter_bias, "weights": weights, "bias": bias}
    return Case(
        inputs={"vendor": given, "reader": {"image": image}},
        outputs={"vendor": {}, "reader": {"digit": scores.index(max(scores))}},
    )


def average_salary(random: Random) -> Case:
    salaries = dict(
        zip(("ann", "ben", "cleo", "dan", "eve"), draw(random, range(2**31), 5), strict=True)
    )
    average = sum(salaries.values()) // 5
    return Case(
        inputs={who: {"salary": salary} for who, salary in salaries.items()},
        outputs={who: {"average salary": average} for who in salaries},
    )


def hospitals(random: Random) -> Case:
    names = [f"h{number}" for number in range(1, 21)]
    minutes = {name: draw(random, range(120), 12) for name in names}
    every = [one for given in minutes.values() for one in given]
    told = {
        "mean": sum(every) // len(every),
        "longest": max(every),
        "patients who waited that long": [sum(m >= 15 * k for m in every) for k in range(6)],
    }
    sums = {name: sum(given) for name, given in minutes.items()}
    ranks = {name: 1 + sum(one < own for one in sums.values()) for name, own in sums.items()}
    return Case(
        inputs={name: {"minutes": given} for name, given in minutes.items()},
        outputs={
            "north": told,
            "south": told,
            **{name: {**told, "rank": ranks[name]} for name in names},
        },
    )


def sealed_bids(random: Random) -> Case:
    names = ("north", "east", "south", "west")
    bids = dict(zip(names, draw(random, range(2**32), 4), strict=True))
    if random.random() < 0.3:
        bids["west"] = bids["east"]
    winner = max(names, key=bids.__getitem__)
    price = sorted(bids.values())[-2]
    return Case(
        inputs={who: {"bid": bid} for who, bid in bids.items()},
        outputs={who: {"won": who == winner, "price": price} for who in names},
    )


def rising_bids(random: Random) -> Case:
    names = ("ann", "ben", "cleo")
    first, step = random.randint(1, 100), random.randint(1, 9)
    # The turn in which each bidder leaves
    leaves = {who: random.randint(0, 5) for who in names}
    last = sorted(leaves.values())[-2]
    prices = [first + step * turn for turn in range(last + 1)]
    return Case(
        inputs={
            who: {
                "first price": first,
                "step": step,
                "stays": [turn != leaves[who] for turn in range(last + 1)],
            }
            for who in names
        },
        outputs={who: {"price": prices, "won": leaves[who] > last} for who in names},
    )


def linear_predictor(random: Random) -> Case:
    n = random.randint(1, 40)
    weights, patient = draw(random, range(-1000, 1000), n), draw(random, range(-1000, 1000), n)
    score = sum(w * x for w, x in zip(weights, patient, strict=True))
    threshold = score + random.randint(-1, 1)
    return Case(
        inputs={
            "vendor": {"weights": weights, "threshold": threshold},
            "hospital": {"patient": patient},
        },
        outputs={"vendor": {}, "hospital": {"positive": score > threshold}},
        params={"n": n},
    )


def decision_forest(random: Random) -> Case:
    trees, depth, features, rows = 3, random.randint(1, 5), random.randint(1, 9), 4
    nodes = [
        [
            {"feature": random.randrange(features), "threshold": random.randint(-9, 9)}
            for _ in range(2**depth - 1)
        ]
        for _ in range(trees)
    ]
    leaves = [draw(random, range(-100, 100), 2**depth) for _ in range(trees)]
    x = [draw(random, range(-12, 12), features) for _ in range(rows)]

    def vote(tree: int, row: list[int], node: int = 0) -> int:
        if node >= 2**depth - 1:
            return int(leaves[tree][node - 2**depth + 1])
        here = nodes[tree][node]
        return vote(tree, row, 2 * node + (2 if row[here["feature"]] > here["threshold"] else 1))

    benign = [sum(vote(tree, row) for tree in range(trees)) > 0 for row in x]
    return Case(
        inputs={"vendor": {"nodes": nodes, "leaves": leaves}, "hospital": {"rows": x}},
        outputs={"vendor": {}, "hospital": {"benign": benign}},
        params={
            "trees": trees,
            "depth": depth,
            "leaves": 2**depth,
            "features": features,
            "rows": rows,
        },
    )


def nearest_neighbours(random: Random) -> Case:
    count, n, k = random.randint(5, 12), 3, random.choice([1, 3, 5])
    patient = draw(random, range(-99, 99), n)
    cases: list[list[int]] = []
    distances: set[int] = set()
    while len(cases) < count:
        case = draw(random, range(-99, 99), n)
        distance = sum((a - b) ** 2 for a, b in zip(case, patient, strict=True))
        if distance not in distances:  # Of equally far cases, which one votes would matter.
            cases.append(case)
            distances.add(distance)
    ill = [random.random() < 0.5 for _ in cases]
    ranked = sorted(
        (sum((a - b) ** 2 for a, b in zip(case, patient, strict=True)), sick)
        for case, sick in zip(cases, ill, strict=True)
    )
    return Case(
        inputs={"clinic": {"cases": cases, "ill": ill}, "doctor": {"patient": patient}},
        outputs={
            "clinic": {},
            "doctor": {"probably ill": sum(sick for _, sick in ranked[:k]) > k // 2},
        },
        params={"cases": count, "n": n, "k": k},
    )


def second_price_auction(random: Random) -> Case:
    n = random.randint(1, 6)
    north, south = draw(random, range(20), n), draw(random, range(20), n)
    reserve = random.randint(0, 18)
    # Python's sort keeps the order of equals, so the first of the highest bids is the winner.
    ranked = sorted(enumerate(north + south), key=lambda bid: -bid[1])
    (winner, highest), (_, second) = ranked[:2]
    sold = highest >= reserve
    outputs = {
        "sold": sold,
        "price": max(second, reserve) if sold else 0,
        "winner is with north": sold and winner < n,
        "winner's number": winner % n if sold else -1,
    }
    return Case(
        inputs={"north": {"bids": north}, "south": {"bids": south}},
        outputs={"north": outputs, "south": outputs},
        params={"bids": n, "reserve": reserve},
    )


def set_intersection_size(random: Random) -> Case:
    n = random.choice([1, 2, 4, 16])
    universe = [*draw(random, INT32, n), *range(2 * n)]
    a, b = (random.sample(list(dict.fromkeys(universe)), n) for _ in range(2))
    return Case(
        inputs={"alice": {"set": a}, "bob": {"set": b}},
        outputs=both({"shared": len(set(a) & set(b))}),
        params={"n": n},
    )


def edit_distance(random: Random) -> Case:
    m, n = random.randint(1, 9), random.randint(1, 9)
    a, b = (tuple(draw(random, range(97, 100), length)) for length in (m, n))

    @cache
    def distance(i: int, j: int) -> int:
        if i == 0 or j == 0:
            return i + j
        change = distance(i - 1, j - 1) + (a[i - 1] != b[j - 1])
        return min(change, distance(i - 1, j) + 1, distance(i, j - 1) + 1)

    return Case(
        inputs={"alice": {"letters": list(a)}, "bob": {"letters": list(b)}},
        outputs=both({"edit distance": distance(m, n)}),
        params={"m": m, "n": n},
    )


def median(random: Random) -> Case:
    n = random.choice([1, 2, 4, 16])
    a, b = (sorted(draw(random, range(-20, 20), n)) for _ in range(2))
    return Case(
        inputs={"alice": {"sorted": a}, "bob": {"sorted": b}},
        outputs=both({"median": sorted(a + b)[n - 1]}),
        params={"n": n},
    )


def bitonic_sort(random: Random) -> Case:
    n = random.choice([1, 2, 4, 16])
    a, b = draw(random, INT32, n), draw(random, INT32, n)
    return Case(
        inputs={"alice": {"values": a}, "bob": {"values": b}},
        outputs=both({"sorted": sorted(a + b)}),
        params={"n": n},
    )


def contact_proximity(random: Random) -> Case:
    moments, metres = random.randint(1, 6), random.randint(0, 9)
    tracks = [
        [complex(random.randint(-12, 12), random.randint(-12, 12)) for _ in range(moments)]
        for _ in range(2)
    ]
    a, b = (
        [{"east": int(place.real), "north": int(place.imag)} for place in track] for track in tracks
    )
    contact = any(
        abs(p - q) <= metres + 1e-9 for p, q in zip(*tracks, strict=True)
    )  # An integer's square root is an integer or far from one.
    return Case(
        inputs={"alice": {"places": a}, "bob": {"places": b}},
        outputs=both({"contact": contact}),
        params={"moments": moments, "metres": metres},
    )


def aes_of(key: bytes, blocks: list[bytes]) -> Case:
    """Return what the library encrypts `blocks` to."""
    encryptor = Cipher(AES(key), ECB()).encryptor()
    ciphertext = [list(encryptor.update(block)) for block in blocks]
    return Case(
        inputs={
            "keeper": {"key": list(key)},
            "sender": {"blocks": [list(block) for block in blocks]},
        },
        outputs={"keeper": {}, "sender": {"ciphertext": ciphertext}},
        params={"blocks": len(blocks)},
    )


def aes_128(random: Random) -> Case:
    blocks = [random.randbytes(16) for _ in range(random.randint(1, 3))]
    return aes_of(random.randbytes(16), blocks)


def sha_of(message: bytes, share: bytes) -> Case:
    """Return what the library digests `message` to, Alice having `share` of it."""
    digest = hashlib.sha256(message).digest()
    words = [int.from_bytes(digest[i : i + 4], "big") for i in range(0, 32, 4)]
    other = [a ^ b for a, b in zip(message, share, strict=True)]
    return Case(
        inputs={"alice": {"share": list(share)}, "bob": {"share": other}},
        outputs=both({"digest": words}),
        params={"length": len(message)},
    )


def sha_256(random: Random) -> Case:
    length = random.choice([1, 55, 56, 63, 64, 65])
    return sha_of(random.randbytes(length), random.randbytes(length))


REFERENCES: dict[str, Callable[[Random], Case]] = {
    function.__name__.replace("_", "-"): function
    for function in (
        millionaires,
        average_salary,
        hospitals,
        sealed_bids,
        rising_bids,
        digits,
        linear_predictor,
        decision_forest,
        nearest_neighbours,
        second_price_auction,
        set_intersection_size,
        edit_distance,
        median,
        bitonic_sort,
        contact_proximity,
        aes_128,
        sha_256,
    )
}
