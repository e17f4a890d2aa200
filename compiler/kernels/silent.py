"""Silent OT's kernels: trees of single-point correlations, and the code that spreads them.

*Trees.* A correlated GGM tree [GYW+23] has 2^h leaves. Its first two nodes are k and k ⊕ Δ, and a
node x has the children H(x) and H(x) ⊕ x, so the nodes of each level sum up to Δ. With one
correlated OT for each level, (q_i; b_i, t_i = q_i ⊕ b_i·Δ), the receiver gets all leaves except
number α:

    sender:    k = q_1;  for level i > 1 it sends c_i = K_i ⊕ q_i, K_i the sum of the left nodes
    receiver:  knows node b_1 = t_1;  c_i ⊕ t_i = K_i ⊕ b_i·Δ is the sum of the level's left nodes,
               if b_i = 0, or right nodes; minus those it knows, it is the sibling on α's path

so α's path turns away from b_i at each level. All other leaves sum up to leaf α ⊕ Δ, which the
receiver takes as its own: that is a correlation with noise 1 at α and 0 elsewhere. A level's left
children are in its first half; bit i − 1 of a leaf's number is the side at level i.

H(x) = E(S ⊕ n, σ(x)) ⊕ σ(x) is the hash of `hash.py`, where n is the tree's number in the session.
Its keys are never used for two trees, and the receiver lacks at most h of a tree's nodes.

The receiver must not reveal α. It computes as if it knew all nodes. When nodes are read at the next
level, it corrects the sibling by an XOR that is masked for all other numbers.

*Choices* are in the lowest bits: Δ's is 1, those of all q are 0, so that t's is the choice. They
pass through all XORs with the blocks.

*Code* [YWL+20]: output j is leaf j ⊕ the sum of ten blocks of the secret part. Their numbers come
from an AES-CTR stream: of each 32-bit word, the necessary bits from bit 4 on are taken, so that a
number times 16 is in place. Both parties compute the same numbers. Reads of several outputs overlap
without prefetching, which costs more than it gains, as measured on Zen 3.
"""

from __future__ import annotations

from typing import Any, Final

from llvmlite import ir

from . import primitives
from .abi import I8, I32, I64, POINTER
from .aes import cipher_for
from .build import BLOCK, PAIR, VOID, Kernel, Value, Variable, vector
from .cipher import ONE_KEY_BLOCKS, Cipher
from .engine import Engine
from .gate_generators import block_mask
from .hash import orthomorphism
from .primitives import counter_registers
from .target import Target

DEGREE: Final = 10
"""The number of blocks of the secret part in an output."""

CODE_OUTPUTS: Final = 32
"""The number of outputs whose block numbers are made together; 2^h is a multiple of it."""

LEAST_DEPTH: Final = 5
_NUMBERS_BYTES: Final = 4 * DEGREE * CODE_OUTPUTS
_CLEAR_CHOICE: Final = -2


class _Registers:
    """Eight blocks in registers of the cipher's width."""

    def __init__(self, k: Kernel, cipher: Cipher) -> None:
        self.k = k
        self.cipher = cipher
        self.type = vector(I64, 2 * cipher.lanes)
        self.count = ONE_KEY_BLOCKS // cipher.lanes
        self.step = 16 * cipher.lanes

    def load(self, place: Value) -> list[Value]:
        """Read them."""
        return [self.k.load(place.at(self.step * i), self.type) for i in range(self.count)]

    def store(self, values: list[Value], place: Value) -> None:
        """Write them."""
        for i, value in enumerate(values):
            self.k.store(value, place.at(self.step * i))

    def spread(self, block: Value) -> Value:
        """Return a block in all lanes."""
        return block.shuffle([0, 1] * self.cipher.lanes)

    def at_number(self, first: Value | int, number: Value) -> list[Value]:
        """Return all ones for the block with a secret `number`, zeros for others; no branch."""
        k, lanes = self.k, self.cipher.lanes
        wanted = k.splat(number, 2 * lanes)
        base = first if isinstance(first, Value) else k.i64(first)
        here = k.splat(base, 2 * lanes)
        masks = []
        for low in range(0, ONE_KEY_BLOCKS, lanes):
            offsets = [low + lane for lane in range(lanes) for _ in (0, 1)]
            numbers = here + k.constant(self.type, offsets)
            masks.append(numbers.equals(wanted).signed_to(self.type))
        return masks

    def total(self, values: list[Value], valid: int = ONE_KEY_BLOCKS) -> Value:
        """Return the sum of the first `valid` blocks, lane by lane."""
        total = self.k.constant(self.type, 0)
        for i, value in enumerate(values):
            used = min(max(valid - i * self.cipher.lanes, 0), self.cipher.lanes)
            mask = [-1] * (2 * used) + [0] * (2 * (self.cipher.lanes - used))
            total = total ^ (value & self.k.constant(self.type, mask))
        return total

    def across(self, value: Value) -> Value:
        """Return the sum of a register's lanes."""
        blocks = [value.shuffle([2 * i, 2 * i + 1]) for i in range(self.cipher.lanes)]
        total = blocks[0]
        for block in blocks[1:]:
            total = total ^ block
        return total

    def hash(self, values: list[Value], schedule: Value) -> list[Value]:
        """Return H."""
        inputs = [orthomorphism(value) for value in values]
        [outputs] = self.cipher.encrypt_streams(self.k, inputs, [schedule])
        return [e ^ x for e, x in zip(outputs, inputs, strict=True)]


class _Path:
    """The receiver's knowledge of α's path: how to correct the nodes that are read next."""

    def __init__(self, k: Kernel, first: Value) -> None:
        self._k = k
        bit = _choice(k, first)
        self.node: Variable = k.variable(k.i64(1) - bit)
        self.sibling: Variable = k.variable(bit)
        self.correction: Variable = k.variable(k.constant(BLOCK, 0))
        self.total: Variable = k.variable(k.constant(BLOCK, 0))

    def step(self, level: Value, sums: tuple[Value, Value], sent: Value, t: Value) -> None:
        """Advance to the children, with these sums as computed."""
        k = self._k
        bit = _choice(k, t)
        left, right = sums
        computed = left ^ ((left ^ right) & block_mask(k, bit))
        self.correction.set(sent ^ t ^ computed)
        self.total.set(left ^ right)
        self.sibling.set(self.node.get() + (bit << level))
        self.node.set(self.node.get() + ((k.i64(1) - bit) << level))


def _choice(k: Kernel, t: Value) -> Value:
    return k.hide(t.element(0) & 1)


class _Tree:
    """Grows one tree; at the receiver along a path."""

    def __init__(self, r: _Registers, schedule: Value, nodes: Value, path: _Path | None) -> None:
        self._r = r
        self._schedule = schedule
        self._nodes = nodes
        self._path = path

    def level(self, first: Value | int, count: Value, valid: int) -> tuple[Value, Value]:
        """Replace eight nodes by their children; return the sums of the left and right ones."""
        r = self._r
        place = self._nodes.at(first << 4 if isinstance(first, Value) else 16 * first)
        parents = r.load(place)
        if self._path is not None:
            correction = r.spread(self._path.correction.get())
            masks = r.at_number(first, self._path.sibling.get())
            parents = [x ^ (m & correction) for x, m in zip(parents, masks, strict=True)]
        left = r.hash(parents, self._schedule)
        right = [a ^ b for a, b in zip(left, parents, strict=True)]
        # If there are fewer than eight, the values written after them are overwritten later.
        r.store(left, place)
        r.store(right, place.at(count << 4))
        return r.total(left, valid), r.total(right, valid)

    def grow(self, depth: int, close: Any) -> None:
        """Grow from level 1 to `depth`; `close(level, sums)` ends each level."""
        r, k = self._r, self._r.k
        for low in (1, 2):
            left, right = self.level(0, k.i64(1 << low), 1 << low)
            close(k.i64(low), (r.across(left), r.across(right)))
        with k.loop(3, k.i64(depth)) as level:
            count = k.i64(1) << level
            sums = [k.variable(k.constant(r.type, 0)) for _ in (0, 1)]
            with k.loop(0, count, ONE_KEY_BLOCKS) as at:
                added = self.level(at, count, ONE_KEY_BLOCKS)
                for variable, value in zip(sums, added, strict=True):
                    variable.set(variable.get() ^ value)
            close(level, (r.across(sums[0].get()), r.across(sums[1].get())))


def _write_finish(k: Kernel, r: _Registers, path: _Path, leaves: Value, depth: int) -> None:
    """Correct the last level's sibling, and give leaf α its value and its choice."""
    no_choice = k.constant(BLOCK, [_CLEAR_CHOICE, -1])
    correction = path.correction.get()
    punctured = ((path.total.get() ^ correction) & no_choice) | k.constant(BLOCK, [1, 0])
    wide = r.spread(no_choice), r.spread(correction & no_choice), r.spread(punctured)
    with k.loop(0, k.i64(1 << depth), ONE_KEY_BLOCKS) as at:
        values = r.load(leaves.at(at << 4))
        siblings = r.at_number(at, path.sibling.get())
        alphas = r.at_number(at, path.node.get())
        fixed = [
            (value & wide[0]) ^ (sibling & wide[1]) ^ (alpha & wide[2])
            for value, sibling, alpha in zip(values, siblings, alphas, strict=True)
        ]
        r.store(fixed, leaves.at(at << 4))


def _write_code(module: Any, cipher: Cipher, secret_bits: int, *, clear: bool) -> Kernel:
    """Write `encode(code*, first, secret*, blocks*, count)`, in place; `clear` choices or not."""
    parameters = (("code", POINTER), ("first", I64), ("secret", POINTER), ("blocks", POINTER))
    k = Kernel(module, "encode", (*parameters, ("count", I64)), result=VOID, internal=True)
    numbers = k.bytes_slot(_NUMBERS_BYTES)
    words = 4 * cipher.lanes
    mask = k.constant(vector(I32, words), ((1 << secret_bits) - 1) << 4)
    keep = k.constant(BLOCK, [_CLEAR_CHOICE, -1] if clear else -1)
    with k.loop(0, k["count"], CODE_OUTPUTS) as at:
        counter = ((k["first"] + at) >> 2) * DEGREE
        for low in range(0, _NUMBERS_BYTES // 16, ONE_KEY_BLOCKS):
            registers = counter_registers(k, counter + low, cipher.lanes)
            [stream] = cipher.encrypt_streams(k, registers, [k["code"]])
            for i, register in enumerate(stream):
                offsets = register.cast(mask.type) & mask
                k.store(offsets, numbers.at(16 * (low + i * cipher.lanes)), align=16)
        with k.loop(0, k.i64(CODE_OUTPUTS)) as output:
            place = k["blocks"].at((at + output) << 4)
            own = numbers.at(output * (4 * DEGREE))
            sums = [k.load(place, BLOCK) & keep, k.constant(BLOCK, 0)]
            for j in range(DEGREE):
                offset = k.load(own.at(4 * j), I32, align=4)
                sums[j & 1] = sums[j & 1] ^ k.load(k["secret"].at(offset), BLOCK, align=16)
            k.store(sums[0] ^ sums[1], place)
    k.finish()
    return k


def _write_choices(module: Any) -> Kernel:
    """Write `choices(blocks*, bits*, count)`: the lowest bits, 8 a byte."""
    parameters = (("blocks", POINTER), ("bits", POINTER), ("count", I64))
    k = Kernel(module, "choices", parameters, result=VOID, internal=True)
    with k.loop(0, k["count"], 8) as at:
        place = k["blocks"].at(at << 4)
        pairs = [k.load(place.at(32 * i), PAIR) for i in range(4)]
        fours = [pairs[i].shuffle((0, 2, 4, 6), pairs[i + 1]) for i in (0, 2)]
        words = fours[0].shuffle(range(8), fours[1])
        bits = Value(k, k.builder.trunc(words.ir, vector(ir.IntType(1), 8))).cast(I8)
        k.store(bits, k["bits"].at(at >> 3))
    k.finish()
    return k


def _kernel(module: Any, name: str, *more: str) -> Kernel:
    names = ("start", "code", "cots", "secret", "corrections", "out", *more)
    pointers = tuple((label, POINTER) for label in names)
    return Kernel(module, name, (*pointers, ("tree", I64), ("n", I64)), result=VOID)


class _Trees:
    """The loop over trees: their keys and addresses."""

    def __init__(self, k: Kernel, module: Any, cipher: Cipher, depth: int) -> None:
        self._k = k
        self._depth = depth
        self._write_schedule = primitives.write_schedule(module, cipher, internal=True)
        self._key = k.bytes_slot(16)
        self.schedule = k.bytes_slot(cipher.schedule_bytes)

    def set_key(self, i: Value) -> None:
        """Expand tree `i`'s key."""
        k = self._k
        number = k.splat(k["tree"] + i, 2) & k.constant(BLOCK, [-1, 0])
        k.store(k.load(k["start"], BLOCK) ^ number, self._key, align=16)
        k.call(self._write_schedule, self._key, self.schedule)

    def cot(self, i: Value, level: Value | int) -> Value:
        """Return the correlated OT of a level, counted from 0."""
        at = i * self._depth + level
        return self._k.load(self._k["cots"].at(at << 4), BLOCK)

    def correction(self, i: Value, level: Value) -> Value:
        """Return the address of a level's correction."""
        at = i * (self._depth - 1) + level - 1
        return self._k["corrections"].at(at << 4)

    def leaves(self, i: Value) -> Value:
        """Return the address of a tree's leaves."""
        return self._k["out"].at(i << (self._depth + 4))


def write_sender(module: Any, cipher: Cipher, depth: int, secret_bits: int) -> None:
    """Write `silent_sender(start*, code*, cots*, secret*, corrections*, out*, delta*, tree, n)`.

    cots [n][h] blocks; secret: 2^secret_bits blocks; corrections [n][h − 1] blocks and out
    [n][2^h] blocks, both written. `tree` is the number of the first of n trees.
    """
    encode = _write_code(module, cipher, secret_bits, clear=True)
    k = _kernel(module, "silent_sender", "delta")
    r = _Registers(k, cipher)
    trees = _Trees(k, module, cipher, depth)
    with k.loop(0, k["n"]) as i:
        trees.set_key(i)
        leaves = trees.leaves(i)
        first = trees.cot(i, 0)
        k.store(first, leaves)
        k.store(first ^ k.load(k["delta"], BLOCK), leaves.at(16))

        def close(level: Value, sums: tuple[Value, Value]) -> None:
            k.store(sums[0] ^ trees.cot(i, level), trees.correction(i, level))

        _Tree(r, trees.schedule, leaves, None).grow(depth, close)
        outputs = (k["tree"] + i) << depth
        k.call(encode, k["code"], outputs, k["secret"], leaves, k.i64(1 << depth))
    k.finish()


def write_receiver(module: Any, cipher: Cipher, depth: int, secret_bits: int) -> None:
    """Write `silent_receiver(start*, code*, cots*, secret*, corrections*, out*, bits*, tree, n)`.

    The parameters are as above; corrections are read; bits [n][2^h / 8] bytes are the choices,
    written.
    """
    encode = _write_code(module, cipher, secret_bits, clear=False)
    choices = _write_choices(module)
    k = _kernel(module, "silent_receiver", "bits")
    r = _Registers(k, cipher)
    trees = _Trees(k, module, cipher, depth)
    with k.loop(0, k["n"]) as i:
        trees.set_key(i)
        leaves = trees.leaves(i)
        first = trees.cot(i, 0)
        for place in (leaves, leaves.at(16)):
            k.store(first, place)
        path = _Path(k, first)

        def close(level: Value, sums: tuple[Value, Value]) -> None:
            sent = k.load(trees.correction(i, level), BLOCK)
            path.step(level, sums, sent, trees.cot(i, level))

        _Tree(r, trees.schedule, leaves, path).grow(depth, close)
        _write_finish(k, r, path, leaves, depth)
        outputs, count = (k["tree"] + i) << depth, k.i64(1 << depth)
        k.call(encode, k["code"], outputs, k["secret"], leaves, count)
        k.call(choices, leaves, k["bits"].at(i << (depth - 3)), count)
    k.finish()


def add_silent(engine: Engine, depth: int, secret_bits: int, *, sender: bool) -> None:
    """Load one side's unit for a depth of trees and a size of the secret part."""
    write = write_sender if sender else write_receiver
    name = f"silent_{'sender' if sender else 'receiver'}"

    def build(target: Target) -> str:
        module = ir.Module(name)
        write(module, cipher_for(target.path), depth, secret_bits)
        return str(module)

    engine.add_unit(f"{name}-{depth}-{secret_bits}", build, (name,))
