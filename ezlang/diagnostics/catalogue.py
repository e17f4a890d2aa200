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
from functools import cache
from importlib.resources import files


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
