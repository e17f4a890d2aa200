"""Notebooks: `%%ez` cells, run by a real kernel."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.support.patience import PATIENCE
from tests.support.ports import free_port

NOTEBOOK = Path("docs/notebook.ipynb")
MILLIONAIRES = Path("examples/millionaires/main.ez").read_text(encoding="utf-8")

Cell = dict[str, Any]


def executed(cells: list[Cell], *, errors: bool = False) -> list[Cell]:
    """Return code cells as a kernel of their own leaves them."""
    book = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(book, timeout=PATIENCE, kernel_name="python3", allow_errors=errors).execute()
    return list(book.cells)


def shown(cell: Cell) -> list[str]:
    """Return what a cell printed, showed or failed with, without numbers of seconds."""
    texts = []
    for output in cell["outputs"]:
        data = output.get("text") or output.get("data", {}).get("text/plain")
        texts.append(re.sub(r"seconds={[^}]*}", "", data or "\n".join(output["traceback"])))
    return texts


def test_the_notebook_shows_what_it_gives() -> None:
    book = nbformat.read(NOTEBOOK, as_version=4)
    before = [cell for cell in book.cells if cell.cell_type == "code"]
    after = executed([nbformat.v4.new_code_cell(cell.source) for cell in before], errors=True)
    assert [shown(cell) for cell in after] == [shown(cell) for cell in before]
    assert sum(len(shown(cell)) for cell in before) > 5


def test_errors_are_shown_in_colour_without_a_traceback() -> None:
    program = '%%ez\nparty alice, bob;\nfn main() { output(all, x, "x"); }'
    _, cell = executed(
        [nbformat.v4.new_code_cell(text) for text in ("%load_ext ezlang", program)], errors=True
    )
    (error,) = cell["outputs"]
    text = "\n".join(error["traceback"])
    assert error["ename"] == "EzError"
    assert "error[EZ1001]" in text
    assert "\x1b[" in text
    assert "Traceback" not in text
    assert "notebook.py" not in text


@pytest.mark.parametrize(
    ("variables", "says"),
    [("alice = 5", "The variable `alice` is no dict"), ("wealth = 5", "input `wealth` is missing")],
)
def test_inputs_that_are_not_there(variables: str, says: str) -> None:
    program = "%%ez\n" + MILLIONAIRES
    cells = ("%load_ext ezlang", variables, program)
    *_, cell = executed([nbformat.v4.new_code_cell(text) for text in cells], errors=True)
    assert says in "\n".join(cell["outputs"][0]["traceback"])


def test_a_trace_is_played_in_the_notebook() -> None:
    program = "%%ez --trace --seed 1\n" + MILLIONAIRES
    variables = 'alice, bob = {"wealth": 5}, {"wealth": 3}'
    *_, cell = executed(
        [nbformat.v4.new_code_cell(text) for text in ("%load_ext ezlang", variables, program)]
    )
    shown = [output["data"].get("text/html", "") for output in cell["outputs"]]
    assert shown[0].startswith("<iframe")
    assert "alice is richer" in shown[0]
    assert shown[1].startswith("<table>")


TOLD = re.compile(r"`(\{'(\w+)': .*?\})`")


def cells_of(page: str, party: str) -> list[Cell]:
    """Return the cells of a page that are for the kernel of a party."""
    found = re.findall(r"((?:<!-- kernel: \w+ -->\n)+)```python\n(.*?)```\n", page, re.DOTALL)
    return [
        nbformat.v4.new_code_cell(text) for heads, text in found if f"kernel: {party} -->" in heads
    ]


def test_both_parties_in_kernels_of_their_own() -> None:
    page = Path("docs/python.md").read_text(encoding="utf-8").replace(":7900", f":{free_port()}")
    known_here = "sorted({'alice', 'bob'} & set(globals()))"
    parties = ("alice", "bob")
    with ThreadPoolExecutor(2) as threads:
        runs = [
            threads.submit(executed, [*cells_of(page, one), nbformat.v4.new_code_cell(known_here)])
            for one in parties
        ]
        cells = {one: run.result() for one, run in zip(parties, runs, strict=True)}
    said = {party: text for text, party in TOLD.findall(page)}
    for party in parties:
        _, program, outputs, known = cells[party]
        assert f"Result(outputs={said[party]}" in "".join(shown(program))
        assert shown(outputs) == [said[party]]
        assert shown(known) == [f"['{party}']"]


def test_a_kernel_without_the_other_party_says_so() -> None:
    load, program = cells_of(Path("docs/python.md").read_text(encoding="utf-8"), "bob")[:2]
    program["source"] = program["source"].replace(
        "--address 127.0.0.1:7900", f"--address 127.0.0.1:{free_port()} --timeout 0.5"
    )
    *_, cell = executed([load, program], errors=True)
    assert "error[EZ5" in "\n".join(cell["outputs"][0]["traceback"])
