"""Pages about the codes of errors taken apart, and docs/errors.md made of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ezlang.diagnostics.catalogue import all_codes, explain

_PAGE = re.compile(
    r"# (?P<code>EZ\d{4}): (?P<title>[^\n]+)\n\n(?P<why>.+?)\n\n"
    r"## Wrong\n\n(?P<wrong>.+?)\n\n## Right\n\n(?P<right>.+?)\n",
    re.DOTALL,
)
_PROGRAM = re.compile(r"```ez\n(?P<program>.*?\n)```", re.DOTALL)
_PARTS = {
    "EZ0": "Syntax",
    "EZ1": "Names",
    "EZ2": "Types",
    "EZ3": "Flow of information",
    "EZ4": "Compiling and running",
    "EZ5": "Protocol and session",
    "EZ6": "Warnings",
    "EZ7": "Translation from EzPC",
}


@dataclass(frozen=True, slots=True)
class Page:
    """One code's page; `wrong` and `right` are the two sections as they are written."""

    code: str
    title: str
    why: str
    wrong: str
    right: str

    @property
    def wrong_program(self) -> str | None:
        """The program with the error, if the section shows one."""
        return _program(self.wrong)

    @property
    def right_program(self) -> str | None:
        """The program without it, if the section shows one."""
        return _program(self.right)


def parse_page(text: str) -> Page:
    """Return a page as its parts; raises ValueError if it has not the form that pages have."""
    found = _PAGE.fullmatch(text)
    if found is None:
        raise ValueError("the page has not the form that ezlang.diagnostics.catalogue asks for")
    return Page(**found.groupdict())


def errors_document() -> str:
    """Return docs/errors.md: all pages, by the first digit of their codes."""
    lines = [
        "# Errors",
        "",
        "Every error has a code. `ezlang explain CODE` prints its entry on this page, which is",
        "generated from the files in `ezlang/diagnostics/pages/`.",
        "",
    ]
    part = ""
    for code in all_codes():
        if code[:3] != part:
            part = code[:3]
            lines += [f"## {_PARTS[part]}", ""]
        text = explain(code)
        assert text is not None
        lines += [re.sub(r"^(?=#+ )", "##", text, flags=re.MULTILINE)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _program(section: str) -> str | None:
    found = _PROGRAM.search(section)
    return found.group("program") if found else None
