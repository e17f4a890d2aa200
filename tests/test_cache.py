"""Entries of the cache: whole or absent, and not without limit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ezlang import cache
from ezlang.cache import code_identity, read_cached, trim, write_cached

NAMES = [f"{number:064x}.o" for number in range(4)]


def test_what_is_written_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EZLANG_CACHE", str(tmp_path / "new"))
    assert read_cached(NAMES[0]) is None
    assert write_cached(NAMES[0], b"content")
    assert read_cached(NAMES[0]) == b"content"
    assert [path.name for path in (tmp_path / "new").iterdir()] == [NAMES[0]]


@pytest.mark.parametrize("damaged", [b"", b"short", bytes(32), bytes(32) + b"content"])
def test_damage_is_found(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / NAMES[0]).write_bytes(damaged)
    assert read_cached(NAMES[0], tmp_path) is None


def test_what_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert not write_cached(NAMES[0], b"content", tmp_path / "file" / "folder")


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o1777])
def test_a_folder_that_others_may_write_to_is_not_used(
    tmp_path: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "cache"
    assert write_cached(NAMES[0], b"content", folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(mode)
    assert read_cached(NAMES[0], folder) is None
    assert not write_cached(NAMES[1], b"content", folder)
    assert caplog.text.count("isn't used: it must be yours") == 1
    folder.chmod(0o755)
    assert read_cached(NAMES[0], folder) == b"content"


@pytest.mark.skipif(os.name != "posix", reason="owners are those of POSIX")
def test_a_folder_of_another_user_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert write_cached(NAMES[0], b"content", tmp_path)
    other = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)
    assert read_cached(NAMES[0], tmp_path) is None


def test_the_entries_used_longest_ago_are_removed(tmp_path: Path) -> None:
    others = ["mine.json", "notes.o", ".new-1"]
    for name in others:
        (tmp_path / name).write_bytes(bytes(1000))
    for age, name in enumerate(NAMES):
        write_cached(name, bytes(100 - 32), tmp_path)
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    trim(tmp_path, 400)
    assert all((tmp_path / name).exists() for name in NAMES)
    assert read_cached(NAMES[3], tmp_path) is not None  # which makes it the newest
    trim(tmp_path, 399)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {NAMES[3], *others}


def test_writing_keeps_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "LARGEST", 250)
    for name in NAMES:
        write_cached(name, bytes(100 - 32), tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_the_identity_of_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "__file__", str(tmp_path / "cache.py"))
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "code.py").write_text("x = 1")
    (tmp_path / "part" / "data.txt").write_text("data")

    def identity(part: str = "") -> str:
        code_identity.cache_clear()
        return code_identity(part)

    before = identity(), identity("part")
    (tmp_path / "part" / "data.txt").write_text("more data")
    assert (identity(), identity("part")) == before
    (tmp_path / "other.ez").write_text("")
    assert identity() != before[0]
    assert identity("part") == before[1]
    (tmp_path / "part" / "code.py").write_text("x = 23")
    assert identity("part") != before[1]
    code_identity.cache_clear()
