"""Sealed files: a head that can be read by anybody who has the file, and parts that can't.

    magic    8 bytes   "ezstore" and the number of the format
    salt    16 bytes   random, of this file alone
    length   4 bytes   of the header, big-endian, limited
    header             JSON
    parts              each AES-256-GCM [SP800-38D], with its tag of 16 bytes

The key of a file is derived from that of its owner and the salt by HKDF with SHA-256 [KE10]. The
nonce of a part is its number. So no nonce is used twice under a key. All that precedes the parts is
associated data of each of them. The header decides how many parts there are and how long they are:
so nothing of a file can be changed, moved, left out or added without being noticed when a part is
read. Parts are read one by one, and memory is that of one.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from itertools import accumulate
from typing import IO, Final

MAGIC: Final = b"ezstore\x01"
KEY_BYTES: Final = 32
TAG_BYTES: Final = 16
LONGEST_HEADER: Final = 1 << 20
_SALT_BYTES: Final = 16
_LENGTH: Final = struct.Struct(">I")
_NONCE_BYTES: Final = 12


class DamagedError(Exception):
    """A file is not what was written, or was sealed with another key; says why."""


def sealed_bytes(lengths: Sequence[int], header: int = 0) -> int:
    """Return the size of a file with parts of these lengths, given that of its header.

    Without a header, of the parts alone.
    """
    head = len(MAGIC) + _SALT_BYTES + _LENGTH.size + header if header else 0
    return head + sum(lengths) + TAG_BYTES * len(lengths)


class SealedWriter:
    """Writes a sealed file, part by part, to a file that is open for writing."""

    def __init__(self, file: IO[bytes], key: bytes, header: bytes) -> None:
        if len(header) > LONGEST_HEADER:
            raise ValueError("the header of a sealed file is too long")
        self._file = file
        salt = os.urandom(_SALT_BYTES)
        self._head = MAGIC + salt + _LENGTH.pack(len(header)) + header
        self._cipher = _Cipher(key, salt, self._head)
        self._parts = 0
        file.write(self._head)

    def write(self, part: bytes) -> None:
        """Seal the next part, and write it."""
        self._file.write(self._cipher.seal(self._parts, part))
        self._parts += 1

    def finish(self) -> None:
        """Wait until all of it is on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())


def read_head(file: IO[bytes]) -> tuple[bytes, bytes]:
    """Return what precedes the header of a file, and the header. Raises DamagedError."""
    size = len(MAGIC) + _SALT_BYTES + _LENGTH.size
    start = file.read(size)
    if not start.startswith(MAGIC) or len(start) < size:
        raise DamagedError("it does not begin like one")
    (length,) = _LENGTH.unpack(start[-_LENGTH.size :])
    if length > LONGEST_HEADER:
        raise DamagedError("its header is too long")
    header = file.read(length)
    if len(header) != length:
        raise DamagedError("its header is not complete")
    return start, header


class SealedReader:
    """Reads a sealed file that is open for reading, part by part, in any order.

    `header` is authentic once a part has been read.
    """

    def __init__(self, file: IO[bytes], key: bytes) -> None:
        self._file = file
        start, self.header = read_head(file)
        head = start + self.header
        self._places = [len(head)]
        self._cipher = _Cipher(key, start[len(MAGIC) : -_LENGTH.size], head)

    def expect(self, lengths: Sequence[int]) -> None:
        """Say how long the parts are. Raises DamagedError unless the file has as many bytes."""
        sizes = (length + TAG_BYTES for length in lengths)
        self._places = list(accumulate(sizes, initial=self._places[0]))
        if os.fstat(self._file.fileno()).st_size != self._places[-1]:
            raise DamagedError("it has another length")

    def read(self, number: int) -> bytes:
        """Return the part with a number. Raises DamagedError if it isn't what was written."""
        place, end = self._places[number : number + 2]
        self._file.seek(place)
        return self._cipher.open(number, self._file.read(end - place))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class _Cipher:
    """The cipher of a file, for its parts by number."""

    def __init__(self, key: bytes, salt: bytes, head: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        derive = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=b"ezlang store")
        self._aead = AESGCM(derive.derive(key))
        self._head = head

    def seal(self, number: int, part: bytes) -> bytes:
        return self._aead.encrypt(number.to_bytes(_NONCE_BYTES), part, self._head)

    def open(self, number: int, sealed: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag

        try:
            return self._aead.decrypt(number.to_bytes(_NONCE_BYTES), sealed, self._head)
        except (InvalidTag, ValueError):
            raise DamagedError("it was changed, or sealed with another key") from None
