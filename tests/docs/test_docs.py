"""Every program and every command shown in the documentation does what the page says.

The convention is in pages.py. `pytest tests/docs --update-golden` writes what the commands
print into the pages; look at the difference before committing it.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from doctest import DocTestParser, DocTestRunner
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from ezlang import api
from ezlang.cli import run_command
from ezlang.diagnostics.diagnostic import Diagnostics
from ezlang.source import Source
from ezlang.syntax.parser import parse
from tests.docs import pages
from tests.support.patience import PATIENCE
from tests.support.ports import free_address

ROOT = Path(__file__).resolve().parents[2]
PAGES = pages.all_pages(ROOT)
WITH_PYTHON = [page for page in PAGES if "```pycon" in page.read_text(encoding="utf-8")]
COLUMNS = "80"
DEALER = "127.0.0.1:7801"


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder to run a page's commands in: a copy of the page's own, or one with the examples."""
    page: Path = request.getfixturevalue("page")
    inside = tmp_path / "here"
    if page.parent.parent == ROOT / "examples":
        shutil.copytree(page.parent, inside)
    else:
        shutil.copytree(ROOT / "examples", inside / "examples")
    return inside


def run(command: str, folder: Path) -> str:
    """Run a command in a process of its own and return its whole output."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env={**os.environ, "PATH": path, "COLUMNS": COLUMNS},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.stdout


def run_here(command: str, folder: Path) -> str:
    """The same in this process: most of a short command's time is Python's start."""
    name, *arguments = shlex.split(command)
    assert name == "ezlang"
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, open(os.devnull, encoding="utf-8") as nothing:
        patch.chdir(folder)
        patch.setenv("COLUMNS", COLUMNS)
        for stream, target in (("stdin", nothing), ("stdout", printed), ("stderr", printed)):
            patch.setattr(sys, stream, target)
        run_command(arguments)
    return printed.getvalue()


@dataclass(frozen=True)
class Places:
    """Where the processes of a group meet: other tests use the default addresses."""

    parties: str
    dealer: str

    def put(self, command: str) -> str:
        """Return the command with these addresses, and with patience where machines are busy."""
        if command.startswith("ezlang dealer"):
            return f"{command} --address {self.dealer} --timeout {PATIENCE}"
        if "--party" in command and "--address" not in command:
            command += f" --address {self.parties} --timeout {PATIENCE}"
        return command.replace(DEALER, self.dealer)


def run_block(block: pages.Block, folder: Path, places: Places) -> str:
    """Run a console block's commands and return the block as they print it."""
    text = ""
    for command in pages.commands(block):
        here = block.terminal is None and command.text.startswith("ezlang ")
        printed = (run_here if here else run)(places.put(command.text), folder)
        printed = printed.replace(places.dealer, DEALER)
        kept = command.expected if pages.matches(command.expected, printed) else printed
        text += f"$ {command.text}\n{kept}"
    return text


def run_page(text: str, folder: Path) -> list[tuple[pages.Block, str]]:
    """Write a page's files and run its commands; return each console block and what it gives."""
    given: list[tuple[pages.Block, str]] = []
    for group in pages.together(pages.blocks(text)):
        if group[0].file is not None:
            assert group[0].language in ("ez", "json", "text"), f"line {group[0].line}"
            (folder / group[0].file).write_text(group[0].body, encoding="utf-8")
        elif group[0].language == "console":
            places = Places(parties=free_address(), dealer=free_address())
            run_one = partial(run_block, folder=folder, places=places)
            if len(group) == 1:  # it may change this process's folder and streams
                given.append((group[0], run_one(group[0])))
                continue
            with ThreadPoolExecutor(len(group)) as threads:
                given += zip(group, threads.map(run_one, group), strict=True)
    return given


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_print_what_the_page_shows(
    page: Path, folder: Path, request: pytest.FixtureRequest
) -> None:
    text = page.read_text(encoding="utf-8")
    given = run_page(text, folder)
    for _, shown in given:
        assert not re.search("Traceback|This is a bug of ezlang", shown)
    if request.config.getoption("--update-golden"):
        for block, shown in reversed(given):
            text = text[: block.start] + shown + text[block.end :]
        page.write_text(text, encoding="utf-8", newline="\n")
        return
    for block, shown in given:
        assert shown == block.body, f"{page}, the block at line {block.line}"


@pytest.mark.parametrize("page", WITH_PYTHON, ids=name_of)
def test_python_prints_what_the_page_shows(
    page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = page.read_text(encoding="utf-8")
    monkeypatch.chdir(folder)
    variables: dict[str, Any] = {}
    for block in pages.blocks(text):
        if block.file is not None:
            (folder / block.file).write_text(block.body, encoding="utf-8")
        elif block.language == "pycon":
            session = DocTestParser().get_doctest(block.body, variables, "", str(page), block.line)
            said: list[str] = []
            failed = DocTestRunner().run(session, out=said.append, clear_globs=False).failed
            assert not failed, "".join(said)
            variables = session.globs


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_programs_without_a_name_are_right(page: Path) -> None:
    for block in pages.blocks(page.read_text(encoding="utf-8")):
        if block.language != "ez" or block.file is not None or block.heading == "Wrong":
            continue
        if "fn main()" in block.body:
            found = api.check_text(block.body).diagnostics
            assert not found, f"{page}, line {block.line}"
        else:
            assert parses(block.body), f"{page}, line {block.line}: this does not parse"


def parses(fragment: str) -> bool:
    """Return whether a fragment parses, as items or as statements."""
    text = fragment.replace("…", "")
    for whole in (text, f"fn main() {{\n{text}\n}}"):
        diagnostics = Diagnostics()
        parse(Source(name="fragment", text=whole), diagnostics)
        if not diagnostics:
            return True
    return False


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for link in pages.links(text):
        target, _, anchor = link.partition("#")
        other = page.parent / target if target else page
        assert other.exists(), f"{page} links to {link}"
        if anchor:
            assert anchor in pages.anchors(other.read_text(encoding="utf-8")), f"{page}: {link}"


def test_what_is_compared() -> None:
    assert pages.matches("a\nb 0.25 s\n", "a\nb 13 s\n")
    assert pages.matches('{"seconds": {"run": 0.1}}\n', '{"seconds": {"run": 2.5}}\n')
    assert pages.matches("a …\n…\nz\n", "a b\nc\nd\nz\n")
    assert pages.matches("a\n…\nz\n", "a\nz\n")
    assert not pages.matches("a\n", "a\nb\n")
    assert not pages.matches("a 1 byte\n", "a 2 bytes\n")
    assert not pages.matches("a …\n", "a b\nc\n")


def test_how_blocks_are_read() -> None:
    text = (
        "<!-- file: a.ez -->\n```ez\nx\n```\n\n<!-- terminal: 1 -->\n```console\n$ one\nout\n```\n"
        "\n<!-- terminal: 2 -->\n```console\n$ two\n```\n\n```console\n$ three\n$ four\n```\n"
    )
    groups = [[block.body for block in group] for group in pages.together(pages.blocks(text))]
    assert groups == [["x\n"], ["$ one\nout\n", "$ two\n"], ["$ three\n$ four\n"]]
    assert pages.blocks(text)[0].file == "a.ez"
    commands = pages.commands(pages.blocks(text)[1])
    assert commands == [pages.Command(text="one", expected="out\n")]


def test_anchors_are_those_of_the_web_page() -> None:
    assert pages.anchors("## Labels: who may know\n") == {"labels-who-may-know"}
    assert not re.search(r"\s", "".join(pages.anchors("# a b\n### c d\n")))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_prose_is_at_most_100_wide(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for block in reversed(pages.blocks(text)):
        text = text[: block.start] + text[block.end :]
    wide = [line for line in text.splitlines() if len(line) > 100 and "|" not in line[:5]]
    assert not wide


def test_the_glossary_is_in_order() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    sections = [
        [word.lower() for word in re.findall(r"^- \*\*(.*?)\*\*", section, flags=re.M)]
        for section in re.split(r"^#+ ", text, flags=re.M)
    ]
    for words in sections:
        assert words == sorted(words)
    assert len({*chain(*sections)}) == sum(map(len, sections))
