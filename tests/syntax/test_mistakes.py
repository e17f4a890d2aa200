"""Diagnostics for programs with syntax errors, as golden files.

`mistakes/NAME.ez` has wrong programs; `NAME.txt` is what is printed about each. A line
`//// title` begins a new program. Behind every wrong place stands an error in another
function, which must be found too, and nothing else must be.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from ezlang.diagnostics.render import render_all
from tests.syntax.syntax_help import parsed_with_errors

FOLDER = Path(__file__).parent / "mistakes"
TAIL = "\nfn last() {\n    x = 1 2;\n}\n"


def programs(path: Path) -> list[str]:
    """Return the programs of a file, each with its title as the first line."""
    parts = path.read_text(encoding="utf-8").split("//// ")[1:]
    return [f"// {part.rstrip()}\n" for part in parts]


@pytest.mark.parametrize("name", sorted(p.stem for p in FOLDER.glob("*.ez")))
def test_messages(name: str, golden: Callable[[Path, str], None]) -> None:
    texts = []
    for program in programs(FOLDER / f"{name}.ez"):
        title, _, body = program.partition("\n")
        _, diagnostics = parsed_with_errors(body)
        texts.append(f"{'=' * 20} {title[3:]}\n{render_all(diagnostics.sorted)}")
    golden(FOLDER / f"{name}.txt", "\n".join(texts))


@pytest.mark.parametrize("name", sorted(p.stem for p in FOLDER.glob("*.ez")))
def test_the_next_error_is_found_too(name: str) -> None:
    for program in programs(FOLDER / f"{name}.ez"):
        _, alone = parsed_with_errors(program)
        _, both = parsed_with_errors(program + TAIL)
        assert alone, program
        codes = [d.code for d in alone.sorted]
        if "EZ0011" in codes:
            continue
        assert sorted(d.code for d in both.sorted) == sorted([*codes, "EZ0020"]), program
        assert "2" in [d.span.text for d in both.sorted if d.span is not None], program
