"""The examples, with the inputs that come with them, as the page's menu offers them."""

from __future__ import annotations

from pathlib import Path

from ezlang.files import PACKAGE

_FIRST = "millionaires"
_NOT_SHOWN = "expected.json"


def folder() -> Path:
    """Return the folder of the examples: of the installed package, or of the source tree."""
    installed = PACKAGE / "examples"
    return installed if installed.is_dir() else PACKAGE.parent / "examples"


def examples() -> dict[str, dict[str, str]]:
    """Return the files of each example that is a program: name → file → text; none if none are."""
    mains = folder().glob("*/main.ez")
    names = sorted((path.parent.name for path in mains), key=lambda name: (name != _FIRST, name))
    return {name: _files(folder() / name) for name in names}


def _files(one: Path) -> dict[str, str]:
    paths = [*sorted(one.glob("*.ez")), *sorted(one.glob("*.json"))]
    return {path.name: path.read_text("utf-8") for path in paths if path.name != _NOT_SHOWN}
