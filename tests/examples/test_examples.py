"""Every example gives its expected and its reference outputs, on every executor.

Folders are found by listing: an example that is added is tested, and one that has no reference of
its own in references.py fails. Those that begin with a model file are tested in test_models.py.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ezlang import api
from ezlang.typed.tree import Program
from tests.examples import references
from tests.examples.references import Case

ROOT = Path(__file__).resolve().parents[2]
ALL = sorted(path for path in (ROOT / "examples").iterdir() if path.is_dir())
FOLDERS = [folder for folder in ALL if (folder / "main.ez").exists()]
PROGRAMS = sorted((ROOT / "examples").glob("*/*.ez"))
MAINS = [path for path in PROGRAMS if "fn main()" in path.read_text(encoding="utf-8")]
OF_MORE_PARTIES = [path for path in MAINS if len(api.load(path).parties) > 2]

FIPS_197_B = (
    "2b7e151628aed2a6abf7158809cf4f3c",
    "3243f6a8885a308d313198a2e0370734",
    "3925841d02dc09fbdc118597196a0b32",
)
FIPS_197_C1 = (
    "000102030405060708090a0b0c0d0e0f",
    "00112233445566778899aabbccddeeff",
    "69c4e0d86a7b0430d8cdb78070b4c55a",
)
FIPS_180_4 = {
    b"abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq": (
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT / "examples").with_suffix("").as_posix()


def json_of(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def shipped(folder: Path, program: Program) -> dict[str, dict[str, Any]]:
    """Return the inputs that come with an example."""
    return {party: json_of(folder / f"{party}.json") for party in program.parties}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_an_example_is_complete(folder: Path) -> None:
    parties = api.load(folder / "main.ez").parties
    names = {path.name for path in folder.iterdir()}
    assert {
        "main.ez",
        "README.md",
        "expected.json",
        *(f"{party}.json" for party in parties),
    } <= names
    assert set(json_of(folder / "expected.json")) == set(parties)
    assert folder.name in references.REFERENCES


@pytest.mark.parametrize("path", PROGRAMS, ids=name_of)
def test_it_is_laid_out_in_the_one_way(path: Path) -> None:
    text, formatted = api.format_file(path)
    assert text == formatted


@pytest.mark.parametrize("path", MAINS, ids=name_of)
def test_it_gives_what_is_expected_in_the_clear(path: Path) -> None:
    program = api.load(path)
    outputs = api.run_clear(program, shipped(path.parent, program)).outputs
    assert outputs == json_of(path.parent / "expected.json")


@pytest.mark.parametrize("path", OF_MORE_PARTIES, ids=name_of)
def test_it_gives_what_is_expected_when_simulated(path: Path) -> None:
    """Those of two parties are run in all executors where their costs are tested."""
    program = api.load(path)
    outputs = api.run_simulated(program, shipped(path.parent, program)).outputs
    assert outputs == json_of(path.parent / "expected.json")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_its_page_runs_it_between_two_processes(folder: Path) -> None:
    """The tests of the documentation run what pages show."""
    program = api.load(folder / "main.ez")
    shown = (folder / "README.md").read_text(encoding="utf-8")
    if program.clients:  # as many processes as there are hospitals
        assert re.search(r"^\$ ezlang run main.ez --native", shown, re.MULTILINE)
        return
    for party in program.parties:
        command = f"$ ezlang run main.ez --party {party} --input {party}.json"
        assert re.search(rf"^{re.escape(command)}( --protocol \w+)?$", shown, re.MULTILINE)


@pytest.mark.parametrize("name", references.REFERENCES)
@pytest.mark.parametrize("seed", range(6))
def test_it_agrees_with_its_reference(name: str, seed: int) -> None:
    case = references.REFERENCES[name](Random(seed))
    for path in sorted((ROOT / "examples" / name).glob("*.ez")):
        if path in MAINS:
            assert in_the_clear(path, case) == case.outputs


def in_the_clear(path: Path, case: Case) -> Any:
    return api.run_clear(api.load(path, case.params), case.inputs).outputs


@pytest.mark.parametrize(("key", "block", "ciphertext"), [FIPS_197_B, FIPS_197_C1])
def test_aes_gives_the_vectors_of_the_standard(key: str, block: str, ciphertext: str) -> None:
    case = references.aes_of(bytes.fromhex(key), [bytes.fromhex(block)])
    outputs = in_the_clear(ROOT / "examples" / "aes-128" / "main.ez", case)
    assert bytes(outputs["sender"]["ciphertext"][0]).hex() == ciphertext


def test_the_circuit_of_the_s_box_is_right_for_every_byte(tmp_path: Path) -> None:
    shutil.copy(ROOT / "examples" / "aes-128" / "aes.ez", tmp_path)
    (tmp_path / "main.ez").write_text(
        "party p;\n"
        "import aes;\n"
        "fn main() {\n"
        '    @p uint8[256][1] x = input(p, "bytes");\n'
        '    output(p, aes.joined(aes.sub_bytes(aes.planes(x))), "substituted");\n'
        "}\n",
        encoding="utf-8",
    )
    inputs = {"p": {"bytes": [[byte] for byte in range(256)]}}
    outputs = api.run_clear(api.load(tmp_path / "main.ez"), inputs).outputs
    assert outputs["p"]["substituted"] == [[s_box(byte)] for byte in range(256)]


def s_box(byte: int) -> int:
    """Return the S-box's value by its definition: the inverse in the field, then an affine map."""
    inverse = next((other for other in range(256) if product(byte, other) == 1), 0)
    turned = (inverse << turn | inverse >> (8 - turn) for turn in range(5))
    result = 0x63
    for each in turned:
        result ^= each & 0xFF
    return result


def product(a: int, b: int) -> int:
    """Return a · b modulo x^8 + x^4 + x^3 + x + 1 over the field of two elements."""
    result = 0
    for bit in range(7, -1, -1):
        result <<= 1
        result ^= 0x11B if result & 0x100 else 0
        result ^= a if b >> bit & 1 else 0
    return result


@pytest.mark.parametrize(("message", "digest"), FIPS_180_4.items(), ids=["abc", "two blocks"])
def test_sha_256_gives_the_vectors_of_the_standard(message: bytes, digest: str) -> None:
    case = references.sha_of(message, Random(1).randbytes(len(message)))
    outputs = in_the_clear(ROOT / "examples" / "sha-256" / "main.ez", case)
    assert "".join(f"{word:08x}" for word in outputs["alice"]["digest"]) == digest


def test_the_list_of_examples_is_complete() -> None:
    listed = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    for folder in ALL:
        assert f"({folder.name}/README.md)" in listed


def test_the_forest_is_not_trivial() -> None:
    told = json_of(ROOT / "examples" / "decision-forest" / "expected.json")["hospital"]["benign"]
    assert {True, False} <= set(told)
