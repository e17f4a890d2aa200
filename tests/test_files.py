"""Files are written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ezlang.files import replace_file


def test_it_writes_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, b"first")
    replace_file(path, b"second", 0o640)
    assert path.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [path]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    with pytest.raises(OSError, match="folder"):
        replace_file(target, b"content")
    assert list(tmp_path.iterdir()) == [target]


def test_there_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        replace_file(tmp_path / "missing" / "file", b"content")
