"""Each module of the library is right by itself: programs check only what they use of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ezlang.api import check_file
from ezlang.files import PACKAGE


@pytest.mark.parametrize("path", sorted((PACKAGE / "stdlib").glob("*.ez")), ids=lambda p: p.stem)
def test_a_module_has_no_errors(path: Path) -> None:
    assert check_file(path).diagnostics == ()
