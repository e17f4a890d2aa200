"""Sealed files: what was written is read, and nothing else is."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ezlang.store.sealed import (
    LONGEST_HEADER,
    MAGIC,
    TAG_BYTES,
    DamagedError,
    SealedReader,
    SealedWriter,
    read_head,
    sealed_bytes,
)

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
HEADER = b'{"a": 1}'
PARTS = (b"first", b"", b"the third one")
LENGTHS = tuple(map(len, PARTS))


def sealed(path: Path, key: bytes = KEY) -> bytes:
    with path.open("wb") as file:
        writer = SealedWriter(file, key, HEADER)
        for part in PARTS:
            writer.write(part)
        writer.finish()
    return path.read_bytes()


def opened(path: Path, content: bytes, key: bytes = KEY) -> tuple[bytes, list[bytes]]:
    path.write_bytes(content)
    with path.open("rb") as file:
        reader = SealedReader(file, key)
        reader.expect(LENGTHS)
        return reader.header, [reader.read(number) for number in reversed(range(len(PARTS)))]


def test_what_was_written_is_read_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "file"
    content = sealed(path)
    assert opened(path, content) == (HEADER, [*reversed(PARTS)])
    assert len(content) == sealed_bytes(LENGTHS, len(HEADER))
    assert PARTS[2] not in content


def test_each_bit_is_authentic(tmp_path: Path) -> None:
    path = tmp_path / "file"
    content = sealed(path)
    for place in range(8 * len(content)):
        changed = bytearray(content)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(DamagedError):
            opened(path, bytes(changed))


def test_nothing_is_left_out_or_added_or_moved(tmp_path: Path) -> None:
    path = tmp_path / "file"
    content = sealed(path)
    for size in range(len(content)):
        with pytest.raises(DamagedError):
            opened(path, content[:size])
    with pytest.raises(DamagedError, match="another length"):
        opened(path, content + b"\0")
    tail = [length + TAG_BYTES for length in LENGTHS]
    start = len(content) - sum(tail)
    one, two, three = content[start:][: tail[0]], content[start + tail[0] :][: tail[1]], b""
    three = content[start + tail[0] + tail[1] :]
    assert content == content[:start] + one + two + three
    with pytest.raises(DamagedError):
        opened(path, content[:start] + three + two + one)


def test_keys_and_files_differ(tmp_path: Path) -> None:
    path = tmp_path / "file"
    first, second = sealed(path), sealed(path)
    with pytest.raises(DamagedError, match="sealed with another key"):
        opened(path, first, OTHER)
    # The same parts look different, and those of one file are none of the other.
    size = sum(length + TAG_BYTES for length in LENGTHS)
    assert first[-size:-TAG_BYTES] != second[-size:-TAG_BYTES]
    with pytest.raises(DamagedError):
        opened(path, first[:-size] + second[-size:])


def test_a_header_is_limited(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too long"):
        SealedWriter(io.BytesIO(), KEY, bytes(LONGEST_HEADER + 1))
    # No memory is taken because of what a length says.
    with pytest.raises(DamagedError, match="too long"):
        read_head(io.BytesIO(MAGIC + bytes(16) + b"\xff\xff\xff\xff"))


@given(st.binary(max_size=200), st.booleans())
def test_any_other_content_is_refused(content: bytes, begins: bool) -> None:
    with pytest.raises(DamagedError):
        read_head(io.BytesIO(MAGIC[: 7 if begins else 0] + content[:24]))
