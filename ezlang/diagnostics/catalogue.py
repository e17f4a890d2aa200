"""The pages about error codes, one file each in `pages/`; docs/errors.md consists of them.

Every page has this form:

    # EZ0021: Missing semicolon

    Why this is an error, in one or more paragraphs.

    ## Wrong

    ```ez
    a program with only this error
    ```

    ## Right

    ```ez
    the program as it was meant, without errors
    ```

If no program can show the error (a missing file, a lost connection), the two sections contain text
instead of code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

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
}


@dataclass(frozen=True, slots=True)
class Page:
    """The page of one code; `wrong` and `right` are the two sections as they are written."""

    code: str
    title: str
    why: str
    wrong: str
    right: str

    @property
    def wrong_program(self) -> str | None:
        """The program with the error, if the section has one."""
        return _program(self.wrong)

    @property
    def right_program(self) -> str | None:
        """The program without the error, if the section has one."""
        return _program(self.right)


def parse_page(text: str) -> Page:
    """Return the parts of a page; raises ValueError if it does not have the form of a page."""
    found = _PAGE.fullmatch(text)
    if found is None:
        raise ValueError(
            "the page does not have the form that ezlang.diagnostics.catalogue requires"
        )
    return Page(**found.groupdict())


def explain(code: str) -> str | None:
    """Return the page of a code (`EZ0021`, in either case) as Markdown; None if there is none."""
    name = code.strip().upper()
    if re.fullmatch(r"EZ\d{4}", name) is None:
        return None
    page = files("ezlang.diagnostics").joinpath("pages", f"{name}.md")
    return page.read_text(encoding="utf-8") if page.is_file() else None


@cache
def all_codes() -> tuple[str, ...]:
    """Return the codes that have a page, in order."""
    entries = files("ezlang.diagnostics").joinpath("pages").iterdir()
    return tuple(sorted(e.name.removesuffix(".md") for e in entries if e.name.endswith(".md")))


def errors_document() -> str:
    """Return docs/errors.md: all pages, grouped by the first digit of their codes."""
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
