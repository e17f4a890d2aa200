"""Reading files: the text, and errors about files that cannot be programs."""

import os
from pathlib import Path

import pytest

from ezlang.diagnostics.diagnostic import Diagnostic, EzError
from ezlang.syntax.reader import MAX_BYTES, read_source


def failure(path: Path) -> Diagnostic:
    with pytest.raises(EzError) as raised:
        read_source(path)
    assert raised.value.exit_code == 2
    (diagnostic,) = raised.value.diagnostics
    return diagnostic


def test_text_and_name(tmp_path: Path) -> None:
    path = tmp_path / "größe.ez"
    path.write_bytes("\ufeff// ü\r\n".encode())
    source = read_source(path)
    assert (source.name, source.text) == (str(path), "// ü\r\n")
    assert read_source(path, "shown.ez").name == "shown.ez"


def test_missing(tmp_path: Path) -> None:
    (tmp_path / "main.ez").touch()
    found = failure(tmp_path / "mian.ez")
    assert found.code == "EZ0001"
    assert found.help == "That directory has main.ez."
    nowhere = failure(tmp_path / "no" / "main.ez")
    assert nowhere.help == f"There is no directory {tmp_path / 'no'} either."


def test_directory(tmp_path: Path) -> None:
    found = failure(tmp_path)
    assert found.code == "EZ0001"
    assert "is a directory" in found.message


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    assert failure(tmp_path / "a\0b").code == "EZ0001"
    assert failure(tmp_path / ("x" * 5000)).code == "EZ0001"


@pytest.mark.parametrize(
    ("content", "line", "byte"),
    [
        (b"fn f() {\n// gr\xfc\xdfe\n}", 2, "0xfc"),
        (b"\x7fELF\x02\x01\x01\x00\x80", 1, "0x80"),
        ("fn f() { }".encode("utf-16"), 1, "0xff"),
        (b"a\nb\nc\xc3", 3, "0xc3"),
    ],
)
def test_not_utf8(tmp_path: Path, content: bytes, line: int, byte: str) -> None:
    path = tmp_path / "prog.ez"
    path.write_bytes(content)
    found = failure(path)
    assert found.code == "EZ0002"
    assert f"line {line}" in found.message
    assert byte in found.message
    assert found.span is not None
    assert found.span.line == line


def test_too_large(tmp_path: Path) -> None:
    path = tmp_path / "prog.ez"
    path.touch()
    os.truncate(path, MAX_BYTES + 1)
    assert failure(path).code == "EZ0003"
