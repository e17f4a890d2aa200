"""The viewer's files fit together; test_pages.py opens pages in a browser."""

from __future__ import annotations

import re
from collections import Counter

from ezlang.trace.page import MODULES
from tests.trace.traces import ROOT, trace_of

VIEWER = ROOT / "ezlang" / "trace" / "viewer"
_NAMED = re.compile(r"^(?:export )?(?:async )?(?:function|const|class|let) (\w+)", re.MULTILINE)


def test_all_modules_are_joined() -> None:
    assert sorted(MODULES) == sorted(path.name for path in VIEWER.glob("*.js"))


def test_no_name_is_defined_in_two_modules() -> None:
    """They share one script when they are joined."""
    names = Counter(
        name for module in MODULES for name in _NAMED.findall((VIEWER / module).read_text("utf-8"))
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_modules_import_earlier_ones_and_what_they_export() -> None:
    for place, module in enumerate(MODULES):
        text = (VIEWER / module).read_text("utf-8")
        for names, other in re.findall(r'^import \{([^}]*)\} from "\./([\w.]+)";', text, re.M):
            assert other in MODULES[:place], (module, other)
            exported = set(
                re.findall(
                    r"^export (?:function|class|const) (\w+)",
                    (VIEWER / other).read_text("utf-8"),
                    re.M,
                )
            )
            assert {name.strip() for name in names.split(",")} <= exported, module


def test_a_page_has_its_data_as_data() -> None:
    """A program's text can't end the element that holds it."""
    page = trace_of("millionaires").page()
    assert page.count("</script>") == 3
    assert "import {" not in page.split('type="module"')[1]
