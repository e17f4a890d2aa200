"""Every cited paper has an entry, and every entry is cited."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
KEY = re.compile(r"[\[ ]((?!I[0-9])[A-Z][A-Za-z+]*[0-9]{2}|FIPS[0-9]+|SP800-[0-9A-Z]+|BF)[],]")
BRACKETS = re.compile(r"\[[^\[\]]*\]")
ENTRY = re.compile(r"^- \*\*\[(.+?)\]\*\*", re.MULTILINE)
PLACES = ("ezlang/**/*.py", "compiler/**/*.py", "stdlib/*.ez", "examples/**/*.*", "benchmarks/*.py")


def cited() -> set[str]:
    paths = [
        p for pattern in PLACES for p in ROOT.glob(pattern) if p.suffix in (".py", ".ez", ".md")
    ]
    paths += [p for p in (ROOT / "docs").glob("*.md") if p.name != "references.md"]
    groups = [group for path in paths for group in BRACKETS.findall(path.read_text())]
    return {key for group in groups for key in KEY.findall(group)}


def test_citations_and_entries_agree() -> None:
    entries = ENTRY.findall((ROOT / "docs" / "references.md").read_text())
    assert len(entries) == len(set(entries))
    assert cited() == set(entries)
