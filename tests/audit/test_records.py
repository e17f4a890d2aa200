"""Records of runs between real processes: they agree, are signed, and show what was changed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ezlang.audit.records import canonical, disagreements, read_record, signed_by
from ezlang.cli import run_command
from ezlang.diagnostics.diagnostic import EzError

PROGRAM = """\
party alice, bob;
param int32 n = 2;

struct Bid { int32 price; bool firm; }

fn main() {
    secret Bid[n] a = input(alice, "bids");
    secret fixed b = input(bob, "limit");
    output(all, fixed(a[0].price) > b, "above");
    output(bob, a[1].price, "second");
}
"""
THREE = """\
party ann, ben, cleo;

fn main() {
    secret int32 total;
    for p in parties { @p int32 x = input(p, "x"); total += x; }
    output(all, total, "total");
}
"""


def _ran(folder: Path, program: str, parties: list[str], *more: str) -> list[subprocess.Popen[str]]:
    """Run all parties as processes, each of which writes its record."""
    port = str(20000 + abs(hash(str(folder))) % 20000)
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "ezlang", "run", program, "--party", party,
             "--address", port, "--record", f"{party}-run.json", *more],
            cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for party in parties
    ]  # fmt: skip
    for process in processes:
        assert process.wait(timeout=300) == 0, process.communicate()
    return processes


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of two parties that know one another's keys."""
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "main.ez").write_text(PROGRAM)
    bids = [{"price": 7, "firm": True}, {"price": -3, "firm": False}]
    (folder / "alice.json").write_text(json.dumps({"bids": bids}))
    (folder / "bob.json").write_text('{"limit": 6.1}')

    def typed(*command: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "ezlang", *command],
            cwd=folder, input="y\n", text=True, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    for party in ("alice", "bob"):
        typed("party", "init", party, "--address", "127.0.0.1:7800")
    _ran(folder, "main.ez", ["alice", "bob"], "--yes")
    return folder


def _records(folder: Path, *parties: str) -> list[dict[str, Any]]:
    return [read_record(folder / f"{party}-run.json") for party in parties]


def test_records_of_both_sides_agree(ran: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(ran / f"{party}-run.json") for party in ("alice", "bob")]
    assert run_command(["verify", *files]) == 0
    assert capsys.readouterr().out.endswith("They agree.\n")
    alice, bob = _records(ran, "alice", "bob")
    assert alice["outputs"] == bob["outputs"] == {"above": True}
    assert alice["parties"]["bob"]["key"] in _signer(files[1])
    assert alice["program"]["params"] == {"n": 2}
    assert alice["bytes_sent"]["bob"] == bob["bytes_received"]["alice"] > 0
    assert [one["to"] for one in alice["released"]] == ["all", "bob"]


def _signer(file: str) -> str:
    """Return the fingerprint of the key that signed the record in a file."""
    return signed_by(read_record(Path(file))) or ""


def test_no_secret_is_in_a_record(ran: Path) -> None:
    for party, own in (("alice", ("-3", "firm")), ("bob", ("6.1", "-3"))):
        text = (ran / f"{party}-run.json").read_text()
        nonce = json.loads((ran / f"{party}-run.nonce").read_text())["nonce"]
        assert nonce not in text
        assert all(f'"{one}"' not in text and f": {one}" not in text for one in own)
        assert (ran / f"{party}-run.nonce").stat().st_mode & 0o077 == 0


def test_what_is_changed_is_noticed(ran: Path, tmp_path: Path) -> None:
    alice, bob = _records(ran, "alice", "bob")
    for name, value in (("outputs", {"above": False}), ("ended", "2020"), ("rounds", 1)):
        with pytest.raises(EzError, match="The signature of alice's record is wrong"):
            list(disagreements([{**alice, name: value}, bob]))

    def unsigned(record: dict[str, Any], **changes: Any) -> dict[str, Any]:
        return {name: one for name, one in {**record, **changes}.items() if name != "signature"}

    for changes, said in (
        ({"outputs": {"above": False}}, "what everyone was told"),
        ({"session": "0" * 64}, "the session"),
        ({"program": {**alice["program"], "params": {"n": 3}}}, "its params and options"),
        ({"bytes_sent": {"bob": 1}}, "alice sent other bytes than bob received"),
        ({"parties": {**alice["parties"], "bob": {"commitment": "0" * 64}}}, "bob committed to"),
    ):
        found = list(disagreements([unsigned(alice, **changes), bob]))
        assert len(found) == 1
        assert said in found[0]
    assert list(disagreements([alice, alice])) == ["both records are alice's"]
    bob["parties"]["alice"]["key"] = bob["parties"]["alice"]["key"][::-1]
    found = list(disagreements([alice, unsigned(bob)]))
    assert found == ["alice's record is signed by another key than bob has talked to"]


def test_a_commitment_can_be_opened(ran: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def check(inputs: Path, *, nonce: str = "alice-run.nonce", program: str = "main.ez") -> int:
        return run_command(
            ["check-record", str(ran / "bob-run.json"), "--program", str(ran / program),
             "--party", "alice", "--input", str(inputs), "--nonce", str(ran / nonce)]
        )  # fmt: skip

    assert check(ran / "alice.json") == 0
    assert capsys.readouterr().out.startswith("alice committed to ")
    other = ran / "other.json"
    bids = [{"price": 7, "firm": True}, {"price": -2, "firm": False}]
    other.write_text(json.dumps({"bids": bids}))
    assert check(other) == 1
    assert check(ran / "alice.json", nonce="bob-run.nonce") == 1
    assert check(ran / "alice.json", nonce="alice.json") == 2
    (ran / "changed.ez").write_text(PROGRAM + "// changed\n")
    assert check(ran / "alice.json", program="changed.ez") == 2


def test_three_parties_record_a_run(tmp_path: Path) -> None:
    names = ["ann", "ben", "cleo"]
    (tmp_path / "three.ez").write_text(THREE)
    for number, name in enumerate(names):
        (tmp_path / f"{name}.json").write_text(json.dumps({"x": number + 1}))
    _ran(tmp_path, "three.ez", names)
    records = _records(tmp_path, *names)
    assert list(disagreements(records)) == []
    assert {one["session"] for one in records} == {records[0]["session"]}
    assert all(one["outputs"] == {"total": 6} for one in records)


@pytest.mark.parametrize("text", ["[]", "{}", '{"format": "ezlang run 1"}'])
def test_what_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(EzError, match="is not a record of a run") as caught:
        read_record(path)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("text", ["", "[" * 100_000, "\0"])
def test_what_is_no_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(EzError, match=r"run\.json cannot be read") as caught:
        read_record(path)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("party", ["alice"]),
        ("party", "carol"),
        ("parties", ["alice", "bob"]),
        ("parties", {"alice": 1, "bob": {}}),
        ("program", "hash"),
        ("program", {"params": [1], "text": 1}),
        ("ended", None),
        ("bytes_sent", 5),
        ("signature", [1]),
        ("signature", {"certificate": "x", "ecdsa-p256-sha256": "y"}),
    ],
)
def test_records_of_other_forms_end_no_command_by_a_bug(
    ran: Path, tmp_path: Path, name: str, value: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever hands a record over may have written anything into it."""
    bob = str(ran / "bob-run.json")
    record = read_record(ran / "alice-run.json")
    if value is None:
        del record[name]
    else:
        record[name] = value
    other = tmp_path / "run.json"
    other.write_text(json.dumps(record))
    assert run_command(["verify", bob, str(other)]) in (1, 2)
    given = ["--party", "alice", "--input", str(ran / "alice.json")]
    given += ["--nonce", str(ran / "alice-run.nonce"), "--program", str(ran / "main.ez")]
    assert run_command(["check-record", str(other), *given]) in (0, 1, 2)
    assert "bug of ezlang" not in capsys.readouterr().err


def test_the_signed_bytes_depend_on_content_alone() -> None:
    record = {"b": [1, {"d": "é", "c": None}], "a": 1.5}
    assert canonical(record) == '{"a":1.5,"b":[1,{"c":null,"d":"é"}]}'.encode()
    assert canonical({**record, "signature": 1}) == canonical(record)
