"""Validations in batches: the programs, both sides as processes, interruptions, states."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ezlang import api
from ezlang.audit.commitments import commitment, new_nonce
from ezlang.cli import run_command
from ezlang.compiler.passes.assign import ProtocolChoice
from ezlang.diagnostics.diagnostic import EzError
from ezlang.models.metrics import METRICS
from ezlang.models.streaming.agreement import Agreed, Standing, agree
from ezlang.models.streaming.report import report_of
from ezlang.models.streaming.state import CLOSED, CLOSING, RUNNING, load_state
from ezlang.models.validation import BatchedValidation, batched_validation_of, validation_of
from ezlang.typed.tree import Program
from ezlang.values.expected import expected_inputs
from ezlang.values.files import read_inputs
from tests.models.models import Draft, cnn
from tests.models.sides import BATCH, Sides, ends, model_in, scores, wait_until
from tests.support.agreement import agree as executors_agree
from tests.support.patience import PATIENCE
from tests.support.ports import free_address

GOLDEN = Path(__file__).parent / "golden"
SAMPLES = 12
OF_NUMBERS = [name for name, metric in METRICS.items() if not metric.classes]
OF_CLASSES = [name for name, metric in METRICS.items() if metric.classes]


def program_of(validation: Any) -> Program:
    return api.checked(api.check_text(validation.text, settings=validation.settings))


def in_batches(
    made: BatchedValidation, sizes: list[int], weights: dict[str, Any], data: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run batches of these sizes in the clear; return the inputs of the closing program."""
    rng = np.random.default_rng(4)
    parts: dict[str, list[Any]] = {"vendor": [], "hospital": []}
    for number, size in enumerate(sizes):
        first = sum(sizes[:number])
        own = {name: value[first : first + size] for name, value in data.items()}
        mask = rng.integers(-(2**63), 2**63, made.count(size), dtype=np.int64)
        is_last = made.last is not None and number == len(sizes) - 1
        program = program_of(made.last if is_last else made.batch)
        inputs = {"vendor": {**weights, made.mask: mask}, "hospital": own}
        told = api.run_clear(program, inputs).outputs
        assert "vendor" not in told or not told["vendor"]
        parts["vendor"].append(mask)
        parts["hospital"].append(np.array(told["hospital"]["masked"], np.int64))
    given = {made.beside: data[made.beside]} if made.given else {}
    vendor, hospital = (
        np.concatenate(
            [sum(part[: made.sums] for part in own), *(part[made.sums :] for part in own)]
        )
        for own in parts.values()
    )
    return {made.mask: vendor}, {"masked": hospital, **given}


@pytest.mark.parametrize("sizes", [[4, 4, 4], [4, 4, 3], [8, 2]], ids=str)
@pytest.mark.parametrize(
    ("classes", "metrics"),
    [
        (1, ["auroc", "auroc>=0.5"]),
        (2, [*OF_CLASSES, "top_1", "accuracy>=0.5", "f1>=0.9"]),
        (4, ["accuracy", "top_2", "confusion", "calibration"]),
        (1, [*OF_NUMBERS, "r2>=0.1"]),
    ],
)
def test_metrics_in_batches_are_those_of_one_run(
    tmp_path: Path, classes: int, metrics: list[str], sizes: list[int]
) -> None:
    model = api.load(model_in(tmp_path, scores(classes)))
    samples = sum(sizes)
    data: dict[str, Any] = {"x": np.random.default_rng(3).normal(size=(samples, 3))}
    if metrics[0] in OF_NUMBERS:
        data["targets"] = np.linspace(-1, 1, samples)
    else:
        data["labels"] = (np.arange(samples) % max(classes, 2)).astype(np.int32)
    weights = read_inputs(tmp_path / "out" / "weights.npz")
    whole = validation_of(model, metrics, samples=samples)
    expected = api.run_clear(program_of(whole), {"vendor": weights, "hospital": data}).outputs
    made = batched_validation_of(model, metrics, samples=samples, batch=sizes[0])
    assert (made.last is None) == (len({*sizes}) == 1)
    vendor, hospital = in_batches(made, sizes, weights, data)
    inputs = {"vendor": vendor, "hospital": hospital}
    assert api.run_clear(program_of(made.closing), inputs).outputs == expected


def test_all_executors_agree(tmp_path: Path) -> None:
    model = api.load(model_in(tmp_path, scores(2)))
    made = batched_validation_of(model, ["accuracy", "auroc"], samples=SAMPLES, batch=BATCH)
    weights = read_inputs(tmp_path / "out" / "weights.npz")
    rng = np.random.default_rng(3)
    mask = rng.integers(-(2**63), 2**63, made.count(BATCH), dtype=np.int64)
    labels = (np.arange(BATCH) % 2).astype(np.int32)
    data: dict[str, Any] = {"x": rng.normal(size=(BATCH, 3)), "labels": labels}
    batch = {"vendor": {**weights, "mask": mask}, "hospital": data}
    assert executors_agree(program_of(made.batch), batch).outputs is not None
    fewer = batched_validation_of(model, ["accuracy", "auroc"], samples=SAMPLES - 1, batch=BATCH)
    own = {name: array[:-1] for name, array in data.items()}
    last = {"vendor": {**weights, "mask": mask[:-1]}, "hospital": own}
    assert fewer.last is not None
    assert executors_agree(program_of(fewer.last), last).outputs is not None
    masks = rng.integers(-(2**63), 2**63, (2, 1 + SAMPLES), dtype=np.int64)
    data = {"masked": masks[1], "labels": (np.arange(SAMPLES) % 2).astype(np.int32)}
    closing = {"vendor": {"mask": masks[1] - np.arange(1 + SAMPLES)}, "hospital": data}
    auto = [ProtocolChoice.AUTO]
    assert executors_agree(program_of(made.closing), closing, auto).outputs is not None


def test_programs_that_a_person_could_have_written(
    tmp_path: Path, golden: Callable[[Path, str], None]
) -> None:
    model = model_in(tmp_path, cnn())
    made = batched_validation_of(api.load(model), ["accuracy", "top_2"], samples=32, batch=8)
    golden(GOLDEN / "validation-batch.ez", made.batch.text)
    golden(GOLDEN / "validation-closing.ez", made.closing.text)


def test_a_batch_releases_nothing_but_masked_numbers(tmp_path: Path) -> None:
    model = api.load(model_in(tmp_path, scores(2)))
    made = batched_validation_of(model, OF_CLASSES, samples=SAMPLES, batch=BATCH)
    (only,) = api.leaks(program_of(made.batch))
    assert (only.to, only.expression) == ("hospital", "left + mask")


def test_both_sides_learn_the_metrics_and_hold_parts(tmp_path: Path) -> None:
    sides = Sides(tmp_path, "--batch", "8", "--address", free_address())
    for side in sides.start().values():
        code, told, said = ends(side)
        assert (code, told) == (0, sides.told), said
        assert "in 4 batches of 8 samples" in said
    states = {}
    for party in ("vendor", "hospital"):
        path = sides.state(party)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        state = load_state(path)
        assert state is not None
        assert state.stage == CLOSED
        states[party] = state.combined(4, 1)
    together = states["hospital"] - states["vendor"]
    assert f"accuracy: {together[0] / 32}\n" in sides.told
    assert (np.abs(together[1:]) < 2**20).all()
    # Nothing of the numbers is in a part: all of its bits vary.
    for part in states.values():
        assert np.bitwise_or.reduce(part[1:] ^ part[1]) >> 40 != 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_last_batch_may_be_smaller(tmp_path: Path, workers: str) -> None:
    sides = Sides(tmp_path, "--batch", "12", "--workers", workers, "--address", free_address())
    for party, side in sides.start("--record", "run.json").items():
        code, told, said = ends(side)
        assert (code, told) == (0, sides.told), said
        assert "in 2 batches of 12 samples and one of 8" in said
        state = load_state(sides.state(party))
        assert state is not None
        assert [len(state.batches[one].numbers) for one in range(3)] == [13, 13, 9]
    record = json.loads((tmp_path / "run.json").read_text())
    assert [*record["programs"]] == ["batch", "last", "closing"]
    assert "12 samples each, 8 in the last one" in report_of(record)


def test_every_program_of_a_validation_must_be_approved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Sides(tmp_path)
    monkeypatch.chdir(tmp_path)
    for side in ("vendor", "hospital"):
        assert run_command(["party", "init", side, "--address", "127.0.0.1:1"]) == 0
    parties = tmp_path / "parties.toml"
    parties.write_text(parties.read_text() + "\n[approved]\n")
    command = ["validate", "out", "--party", "vendor", "--metric", "accuracy", "--samples", "32"]
    asked = []
    for _ in range(3):
        capsys.readouterr()
        assert run_command([*command, "--batch", "12"]) == 2
        (line,) = re.findall(r'"[0-9a-f]{64}" = "[\w.-]+"', capsys.readouterr().err)
        asked.append(line.split('"')[3])
        parties.write_text(f"{parties.read_text()}{line}\n")
    kinds = ("batch", "last", "closing")
    assert asked == [f"validation-{kind}.ez" for kind in kinds]


def test_batches_of_another_size_than_the_model_takes_are_refused(tmp_path: Path) -> None:
    model = api.load(model_in(tmp_path, scores(2)))
    with pytest.raises(EzError, match="takes 4 samples at once, and 6 is no multiple of it") as one:
        batched_validation_of(model, ["accuracy"], samples=SAMPLES, batch=6)
    assert one.value.diagnostics[0].help == "give batches of 4 samples"


@pytest.mark.parametrize("killed", ["vendor", "hospital"])
def test_a_side_that_was_killed_goes_on(tmp_path: Path, killed: str) -> None:
    sides = Sides(tmp_path, "--batch", "4", "--address", free_address())
    running = sides.start()
    wait_until(sides.state(killed), 2)
    running[killed].kill()
    (other,) = set(running) - {killed}
    code, told, said = ends(running[other])
    assert (code, told) == (3, ""), said
    ends(running[killed])
    before = load_state(sides.state(killed))
    for side in sides.start().values():
        code, told, said = ends(side)
        assert (code, told) == (0, sides.told), said
    after = load_state(sides.state(killed))
    assert before is not None
    assert after is not None
    assert before.session == after.session
    kept = [one for one in before.batches if before.batches[one] == after.batches[one]]
    assert len(kept) >= len(before.batches) - 1


def cut(path: Path, left: int) -> dict[str, Any]:
    """Make a state one from when fewer batches were done; return the batches that it had."""
    state = json.loads(path.read_bytes())
    state["stage"] = RUNNING
    batches: dict[str, Any] = state["batches"]
    state["batches"] = {number: batches[number] for number in list(batches)[:left]}
    path.write_text(json.dumps(state))
    return batches


def test_states_that_fit_go_on_and_others_are_refused(tmp_path: Path) -> None:
    sides = Sides(tmp_path, "--batch", "8", "--address", free_address())
    assert [ends(side)[0] for side in sides.start().values()] == [0, 0]
    done = {party: sides.state(party).read_bytes() for party in ("vendor", "hospital")}

    def refused(why: str) -> None:
        for side in sides.start().values():
            code, told, said = ends(side)
            assert (code, told) == (3, ""), said
            assert why in said, said

    # An older copy: of before the metrics were computed, and of some batches ago.
    cut(sides.state("vendor"), 3)
    refused("though the metrics have been computed")
    cut(sides.state("hospital"), 1)
    refused("of which 1 are the same")
    sides.state("hospital").unlink()
    refused("has no state of the validation that was interrupted")
    # Killed before the third batch was kept: it is run again, with another mask.
    sides.state("hospital").write_bytes(done["hospital"])
    old = cut(sides.state("hospital"), 2)
    for side in sides.start().values():
        code, told, said = ends(side)
        assert (code, told) == (0, sides.told), said
    new = json.loads(sides.state("vendor").read_bytes())["batches"]
    before = json.loads(done["vendor"])["batches"]
    assert [before[one] == new[one] for one in "0123"] == [True, True, False, False]
    assert all(before[one]["part"] != new[one]["part"] for one in "23")
    assert old.keys() == new.keys()


def test_inputs_and_programs_stay_the_same(tmp_path: Path) -> None:
    sides = Sides(tmp_path, "--batch", "8", "--address", free_address())
    assert [ends(side)[0] for side in sides.start().values()] == [0, 0]
    cut(sides.state("hospital"), 2)
    sides.give(np.ones((32, 3)), np.zeros(32, np.int32))
    code, _, said = ends(sides.start_one("hospital"))
    assert code == 2
    assert "the inputs are not those with which the validation in" in said
    code, _, said = ends(sides.start_one("hospital", "--metric", "f1"))
    assert code == 2
    assert "is the state of another validation" in said
    shutil.copy(sides.state("hospital"), sides.state("vendor"))
    code, _, said = ends(sides.start_one("vendor"))
    assert code == 2
    assert "is the state of the other party" in said


def test_workers_share_the_batches(tmp_path: Path) -> None:
    sides = Sides(tmp_path, "--batch", "4", "--address", free_address())
    running = {
        "vendor": sides.start_one("vendor", "--workers", "2"),
        "hospital": sides.start_one("hospital", "--workers", "3"),
    }
    for side in running.values():
        code, told, said = ends(side)
        assert (code, told) == (0, sides.told), said
    state = load_state(sides.state("vendor"))
    assert state is not None
    assert state.parallel == 2
    assert sorted(state.batches) == list(range(8))


def test_a_dealer_deals_for_each_batch(tmp_path: Path) -> None:
    place = free_address()
    more = ("--dealer", place, "--workers", "2")
    sides = Sides(tmp_path, "--batch", "8", "--address", free_address(), *more)
    command = [sys.executable, "-m", "ezlang", "dealer", "--address", place, "--keep"]
    with subprocess.Popen([*command, "--timeout", str(PATIENCE)], stderr=subprocess.PIPE) as dealer:
        try:
            for side in sides.start().values():
                code, told, said = ends(side)
                assert (code, told) == (0, sides.told), said
        finally:
            dealer.kill()
        assert dealer.stderr is not None
        # One for each batch, and one for the closing program.
        assert dealer.stderr.read().count(b"Dealt for the program") == 5


def test_a_weight_may_have_the_name_of_the_mask(tmp_path: Path) -> None:
    draft = Draft()
    x = draft.input("x", "batch", 3)
    draft.node("Gemm", x, draft.weight("mask", 2, 3), name="/fc/Gemm", transB=1)
    model = api.load(model_in(tmp_path, draft))
    made = batched_validation_of(model, ["accuracy"], samples=SAMPLES, batch=BATCH)
    assert made.mask == "mask_"
    expected = expected_inputs(program_of(made.batch), "vendor")
    assert {one.name: str(one.type) for one in expected}["mask_"] == "int64[1]"
    (only,) = expected_inputs(program_of(made.closing), "vendor")
    assert only.name == "mask_"


def test_scores_may_have_sizes_of_1_behind_them(tmp_path: Path) -> None:
    draft = Draft()
    x = draft.input("x", "batch", 3, 1, 1)
    draft.node("Conv", x, draft.weight("w", 2, 3, 1, 1), name="/conv/Conv")
    model = api.load(model_in(tmp_path, draft))
    whole = validation_of(model, ["accuracy", "auroc"], samples=BATCH)
    data = np.random.default_rng(3).normal(size=(BATCH, 3, 1, 1))
    labels = (data[:, :, 0, 0] @ draft.weights["w"].reshape(2, 3).T).argmax(axis=1)
    inputs = {
        "vendor": read_inputs(tmp_path / "out" / "weights.npz"),
        "hospital": {"x": data, "labels": labels.astype(np.int32)},
    }
    told = api.run_clear(program_of(whole), inputs).outputs["vendor"]
    assert told["accuracy"] == 1


def standing(session: str, batches: str, stage: str = RUNNING, parallel: int = 1) -> Standing:
    """Return a standing; each letter of `batches` is the run of one batch."""
    tags = {number: tag for number, tag in enumerate(batches) if tag != "-"}
    return Standing(hosts=("", ""), session=session, stage=stage, parallel=parallel, tags=tags)


def both_agree(mine: Standing, theirs: Standing) -> Agreed | str:
    """Return what both sides agree on, or why they don't; they always reach the same verdict."""
    verdicts: list[Agreed | str] = []
    for party, (own, other) in enumerate([(mine, theirs), (theirs, mine)]):
        try:
            verdicts.append(agree(own, other, party, 4))
        except EzError as error:
            verdicts.append(error.diagnostics[0].code)
    assert verdicts[0] == verdicts[1]
    return verdicts[0]


@pytest.mark.parametrize(
    ("mine", "theirs", "common"),
    [
        (standing("", ""), standing("", ""), "new"),
        (standing("s", "abc"), standing("s", "abc"), {0, 1, 2}),
        (standing("s", "abc"), standing("s", "ab"), {0, 1}),
        (standing("s", "abx"), standing("s", "aby"), {0, 1}),
        (standing("s", "abc"), standing("s", "a"), None),
        (standing("s", "abc", parallel=2), standing("s", "a"), {0}),
        (standing("s", "ab-d", parallel=2), standing("s", "abc", parallel=2), {0, 1}),
        (standing("s", "abc"), standing("", ""), None),
        (standing("s", "abc"), standing("t", "abc"), None),
        (standing("s", ""), standing("", ""), "new"),
        (standing("s", "abcd", CLOSING), standing("s", "abcd"), {0, 1, 2, 3}),
        (standing("s", "abcd", CLOSED), standing("s", "abcd", CLOSING), {0, 1, 2, 3}),
        (standing("s", "abcd", CLOSING), standing("s", "abc"), None),
        (standing("s", "abcd", CLOSED), standing("s", "abc"), None),
        (standing("s", "abcd", CLOSING), standing("s", "abcx"), None),
        (standing("s", "abcd", CLOSED), standing("s", "abcd", CLOSED), "new"),
        (standing("s", "abcd", CLOSED), standing("t", "abcd", CLOSED), "new"),
        (standing("s", "abcd", CLOSED), standing("", ""), "new"),
        (standing("s", "abcd", CLOSED), standing("t", "ab"), None),
        (standing("s", "abcd", CLOSING), standing("", ""), None),
    ],
)
def test_agreements(mine: Standing, theirs: Standing, common: Any) -> None:
    found = both_agree(mine, theirs)
    if common is None:
        assert found == "EZ5040"
    else:
        assert isinstance(found, Agreed)
        assert found.is_new == (common == "new")
        assert found.common == (set() if common == "new" else common)


def test_commitments_hide_and_bind() -> None:
    nonce = new_nonce()
    x = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
    made = commitment({"x": x, "y": [1, 2]}, nonce)
    assert made == commitment({"y": np.array([1, 2]), "x": x.astype(np.float64)}, nonce)
    others: list[dict[str, Any]] = [
        {"x": x.reshape(3, 2), "y": [1, 2]},
        {"x": x, "z": [1, 2]},
        {"x": x, "y": [1, 3]},
        {"x": x, "y": [True, False]},
        {"x": x},
        {"x": x, "y": [1, 2], "z": []},
    ]
    hashes = {commitment(other, nonce) for other in others}
    assert len(hashes | {made}) == len(others) + 1
    assert commitment({"x": x, "y": [1, 2]}, new_nonce()) != made
