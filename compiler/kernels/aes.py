"""AES-128 [FIPS197] by the processor's AES instructions, and the cipher for each path.

Many blocks, under many keys, are in vector registers. A window (see cipher.py) is ordered by
round, then by gate, then first key before second. Schedules are computed on transposed keys, with
word i of all keys in one vector. A round is then one SubWord and four XORs for 4, 8 or 16 keys at a
time. Transposing back costs less than the shifted XORs of the usual method, which works on one key
in each block.

No address or branch depends on secrets: the processor's AES instructions take the same time for all
data, and so does the portable bit-sliced cipher.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Final

from .abi import I8, I32, I64
from .bitslice import BitslicedCipher
from .build import BLOCK, PAIR, Kernel, Value, vector
from .cipher import RCON, ROUNDS, WINDOW_KEYS, Cipher
from .target import AesPath

_STATES: Final = 8
"""AES states in flight: latency times throughput on current processors, half of the registers."""


class HardwareCipher(Cipher):
    """AES by instructions on registers of `lanes` blocks."""

    schedule_bytes = (ROUNDS + 1) * 16

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.pairs_at_once = max(_STATES * lanes // 2, 1)
        self.streams_at_once = lanes

    @abstractmethod
    def encrypt_vectors(
        self, k: Kernel, states: Sequence[Value], keys: Callable[[int, int], Value]
    ) -> list[Value]:
        """Encrypt vectors of blocks; `keys(round, i)` loads the round key for the i-th vector."""

    @abstractmethod
    def substitute_words(self, k: Kernel, words: Value, constant: int) -> Value:
        """Return SubWord(RotWord(w)) ^ `constant` of each word of a vector of `lanes` blocks."""

    def _expand(
        self,
        k: Kernel,
        sets: Sequence[Sequence[Value]],
        store: Callable[[int, int, int, Value], None],
    ) -> None:
        """Expand sets of 4·`lanes` keys, given as vectors of their words 0, 1, 2, 3.

        `store(round, set, j, vector)` receives the round keys of keys j·lanes … for j = 0 … 3,
        where lane l, element j of the word vectors belongs to key j·lanes + l. The sets are
        interleaved round by round, so that their chains of dependent instructions overlap.
        """
        current = [list(words) for words in sets]
        for round in range(ROUNDS + 1):
            for number, w in enumerate(current):
                if round:
                    w[0] = w[0] ^ self.substitute_words(k, w[3], RCON[round - 1])
                    for i in (1, 2, 3):
                        w[i] = w[i] ^ w[i - 1]
                for j, keys in enumerate(self._transpose(w)):
                    store(round, number, j, keys)

    def _transpose(self, w: Sequence[Value]) -> list[Value]:
        """Transpose four vectors of words into four vectors of blocks, lane by lane."""
        size, count = 4 * self.lanes, 2 * self.lanes
        blocks = vector(I64, count)
        result = []
        for part in (0, 2):
            mixed = [
                lane + part + i + source
                for lane in range(0, size, 4)
                for i in (0, 1)
                for source in (0, size)
            ]
            low = w[0].shuffle(mixed, w[1]).cast(blocks)
            high = w[2].shuffle(mixed, w[3]).cast(blocks)
            for half in (0, 1):
                picks = [lane + half + i for lane in range(0, count, 2) for i in (0, count)]
                result.append(low.shuffle(picks, high))
        return result

    def schedule(self, k: Kernel, key: Value, schedule: Value) -> None:
        """Expand one key; the results of the other lanes are not used."""
        word = k.load(key, vector(I32, 4))
        words = [word.shuffle([i] * (4 * self.lanes)) for i in range(4)]

        def store(round: int, _: int, j: int, keys: Value) -> None:
            if j == 0:
                k.store(keys.shuffle([0, 1]), schedule.at(16 * round))

        self._expand(k, [words], store)

    def encrypt_one_key(self, k: Kernel, blocks: Sequence[Value], schedule: Value) -> list[Value]:
        """Encrypt blocks under one key."""
        [encrypted] = self.encrypt_streams(k, self._join(blocks), [schedule])
        return self._split(encrypted, BLOCK)

    def encrypt_streams(
        self, k: Kernel, registers: Sequence[Value], schedules: Sequence[Value]
    ) -> list[list[Value]]:
        """Encrypt under keys broadcast to all lanes, all streams interleaved round by round."""
        count = len(registers)

        def key(round: int, i: int) -> Value:
            block = k.load(schedules[i // count].at(16 * round), BLOCK)
            return block.shuffle([0, 1] * self.lanes)

        states = self.encrypt_vectors(k, list(registers) * len(schedules), key)
        return [list(states[at : at + count]) for at in range(0, len(states), count)]

    def stream_key(self, k: Kernel, window: Value, number: Value, room: Value) -> Value:
        """Return the address of the first round key; round keys are a window's keys apart."""
        return window.at(number << 4)

    def encrypt_keyed(
        self, k: Kernel, streams: Sequence[Sequence[Value]], keys: Sequence[Value]
    ) -> list[list[Value]]:
        """Encrypt under keys broadcast to all lanes, all streams interleaved round by round."""
        owners = [key for key, stream in zip(keys, streams, strict=True) for _ in stream]

        def key(round: int, i: int) -> Value:
            block = k.load(owners[i].at(16 * WINDOW_KEYS * round), BLOCK, align=16)
            return block.shuffle([0, 1] * self.lanes)

        states = iter(self.encrypt_vectors(k, [x for stream in streams for x in stream], key))
        return [[next(states) for _ in stream] for stream in streams]

    def encrypt_rows(self, k: Kernel, rows: Sequence[Value], key: Value) -> list[Value]:
        """Encrypt full registers, as many at a time as are best in flight."""
        type, register = rows[0].type, vector(I64, 2 * self.lanes)
        padding = [rows[-1]] * (-len(rows) % max(1, register.count // type.count))
        states = self._split([*rows, *padding], register)
        parts = -(-len(states) // _STATES)
        size = -(-len(states) // parts)
        found: list[Value] = []
        for at in range(0, len(states), size):
            [encrypted] = self.encrypt_keyed(k, [states[at : at + size]], [key])
            found += encrypted
        return self._split(found, type)[: len(rows)]

    def window(self, k: Kernel, start: Value, first: Value, window: Value) -> None:
        """Expand the 16 keys in 4, 2 or 1 sets."""
        keys_a_set = 4 * self.lanes
        words = start.cast(vector(I32, 4))
        spread = [words.shuffle([i] * keys_a_set) for i in range(4)]
        low = k.splat(first.to(I32), keys_a_set)
        high = k.splat((first >> 32).to(I32), keys_a_set)
        sets = []
        for base in range(0, WINDOW_KEYS, keys_a_set):
            numbers = [base + j * self.lanes + lane for lane in range(self.lanes) for j in range(4)]
            tweak = low | k.constant(low.type, numbers)
            sets.append([spread[0] ^ tweak, spread[1] ^ high, spread[2], spread[3]])

        def store(round: int, set: int, j: int, keys: Value) -> None:
            offset = 16 * (WINDOW_KEYS * round + keys_a_set * set + j * self.lanes)
            k.store(keys, window.at(offset), align=16 * self.lanes)

        self._expand(k, sets, store)

    def encrypt_gates(
        self, k: Kernel, gates: Sequence[Sequence[Value]], window: Value, gate: Value
    ) -> list[list[Value]]:
        """Encrypt with as many lanes as there are blocks."""
        copies = len(gates[0])
        lanes = min(self.lanes, 2 * len(gates))
        base = window.at(gate << 5)
        states: list[Value] = []
        for copy in range(copies):
            states += self._join([pairs[copy] for pairs in gates], lanes)
        a_copy = len(states) // copies

        def key(round: int, i: int) -> Value:
            offset = 16 * (WINDOW_KEYS * round + lanes * (i % a_copy))
            return k.load(base.at(offset), vector(I64, 2 * lanes), align=16 * lanes)

        pairs = self._split(self.encrypt_vectors(k, states, key), PAIR)
        return [[pairs[copy * len(gates) + g] for copy in range(copies)] for g in range(len(gates))]

    def _join(self, values: Sequence[Value], lanes: int | None = None) -> list[Value]:
        """Join blocks or pairs, in order, into vectors of `lanes` blocks."""
        size = 2 * (self.lanes if lanes is None else lanes)
        current = list(values)
        while current[0].type.count < size:
            count = 2 * current[0].type.count
            current = [
                a.shuffle(range(count), b) for a, b in zip(current[::2], current[1::2], strict=True)
            ]
        return self._split(current, vector(I64, size))

    def _split(self, values: Sequence[Value], type: Any) -> list[Value]:
        """Split vectors into parts of a type, or join them into it."""
        if values[0].type.count < type.count:
            return HardwareCipher._join(self, values, type.count // 2)
        step = type.count
        return [
            value if value.type.count == step else value.shuffle(range(at, at + step))
            for value in values
            for at in range(0, value.type.count, step)
        ]


class X86Cipher(HardwareCipher):
    """AES-NI, or VAES on wider registers."""

    _SUFFIX: Final = {1: "", 2: ".256", 4: ".512"}

    def _instruction(self, k: Kernel, name: str, state: Value, key: Value) -> Value:
        suffix = self._SUFFIX[state.type.count // 2]
        return k.intrinsic(f"llvm.x86.aesni.{name}{suffix}", state.type, state, key)

    def encrypt_vectors(
        self, k: Kernel, states: Sequence[Value], keys: Callable[[int, int], Value]
    ) -> list[Value]:
        """Whiten, then nine rounds, then the last round."""
        current = [state ^ keys(0, i) for i, state in enumerate(states)]
        for round in range(1, ROUNDS + 1):
            name = "aesenc" if round < ROUNDS else "aesenclast"
            current = [
                self._instruction(k, name, state, keys(round, i)) for i, state in enumerate(current)
            ]
        return current

    def substitute_words(self, k: Kernel, words: Value, constant: int) -> Value:
        """AESENCLAST is SubBytes, ShiftRows and an XOR; a shuffle before it undoes ShiftRows."""
        blocks = vector(I64, 2 * self.lanes)
        state = _rotate_before_shift_rows(words).cast(blocks)
        rcon = k.constant(words.type, constant).cast(blocks)
        return self._instruction(k, "aesenclast", state, rcon).cast(words.type)


class ArmCipher(HardwareCipher):
    """The ARMv8 instructions: AESE adds the key first, then substitutes and shifts."""

    def __init__(self) -> None:
        super().__init__(lanes=1)

    def _aese(self, k: Kernel, state: Value, key: Value) -> Value:
        bytes = vector(I8, 16)
        name = "llvm.aarch64.crypto.aese"
        return k.intrinsic(name, bytes, state.cast(bytes), key.cast(bytes))

    def encrypt_vectors(
        self, k: Kernel, states: Sequence[Value], keys: Callable[[int, int], Value]
    ) -> list[Value]:
        """AESE and AESMC nine times, then AESE, then the last key."""
        bytes = vector(I8, 16)
        current = list(states)
        for round in range(ROUNDS):
            current = [self._aese(k, state, keys(round, i)) for i, state in enumerate(current)]
            if round < ROUNDS - 1:
                name = "llvm.aarch64.crypto.aesmc"
                current = [k.intrinsic(name, bytes, state) for state in current]
        return [state.cast(BLOCK) ^ keys(ROUNDS, i) for i, state in enumerate(current)]

    def substitute_words(self, k: Kernel, words: Value, constant: int) -> Value:
        """AESE with a zero key is SubBytes and ShiftRows."""
        state = _rotate_before_shift_rows(words)
        zero = k.constant(words.type, 0)
        return self._aese(k, state, zero).cast(words.type) ^ constant


def _rotate_before_shift_rows(words: Value) -> Value:
    """Rotate each word by a byte, and undo the ShiftRows that follows.

    ShiftRows takes byte 4c + r from 4((c + r) mod 4) + r.
    """
    order = [4 * ((c - r) % 4) + (r + 1) % 4 for c in range(4) for r in range(4)]
    count = 4 * words.type.count
    bytes = words.cast(vector(I8, count))
    return bytes.shuffle([lane + i for lane in range(0, count, 16) for i in order])


def cipher_for(path: AesPath) -> Cipher:
    """Return the code generator of a path."""
    match path:
        case AesPath.VAES512:
            return X86Cipher(4)
        case AesPath.VAES256:
            return X86Cipher(2)
        case AesPath.AESNI:
            return X86Cipher(1)
        case AesPath.ARMV8:
            return ArmCipher()
        case AesPath.PORTABLE:
            return BitslicedCipher()
