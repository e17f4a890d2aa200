"""Records of validations, the check of their commitments, and reports."""

from __future__ import annotations

import json
import stat
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from ezlang.build import build
from ezlang.cli import run_command
from ezlang.models.streaming.report import report_of
from tests.models.sides import Sides, ends
from tests.support.ports import free_address


def record() -> dict[str, Any]:
    """Return a record such as a validation writes."""
    return {
        "ezlang": build(),
        "session": "5" * 32,
        "began": "2026-01-02T03:04:05+00:00",
        "ended": "2026-01-02T03:14:05+00:00",
        "programs": {"batch": "a" * 64, "closing": "b" * 64},
        "params": {"samples": 20, "batch": 10},
        "party": "vendor",
        "commitments": {"vendor": "c" * 64, "hospital": "d" * 64},
        "released": [
            {"metric": "accuracy", "value": 0.75},
            {"metric": "mse", "value": 12.5},
            {"metric": "auroc >= 0.9", "value": False},
            {"metric": "confusion", "value": [[9, 2], [3, 6]]},
        ],
        "costs": {
            "rounds": 12,
            "and_gates": 0,
            "bytes_sent": 3_000_000,
            "bytes_received": 4_000_000,
            "seconds": {"batches": 3.0, "closing": 0.5},
        },
        "workers": 2,
        "batches": [
            {"seconds": 1.0, "bytes_sent": 1_000_000, "bytes_received": 2_000_000},
            {"seconds": 2.0, "bytes_sent": 2_000_000, "bytes_received": 2_000_000},
        ],
    }


class Elements(HTMLParser):
    """The elements of a page, and whether all of them are closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_report_is_one_page_that_loads_nothing() -> None:
    page = report_of(record())
    elements = Elements(page)
    assert not elements.open
    assert "http" not in page
    assert "url(" not in page
    for tag, attributes in elements.found:
        assert tag not in ("script", "link", "img", "iframe", "object")
        assert not attributes.keys() & {"src", "href"}
    assert len(page) < 20_000


def test_each_plot_is_described_and_stands_beside_a_table() -> None:
    elements = Elements(report_of(record())).found
    plots = [attributes for tag, attributes in elements if tag == "svg"]
    assert [one["role"] for one in plots] == ["img"] * 4
    assert [one["aria-label"] for one in plots] == [
        "Bars from 0 to 1: accuracy 0.7500",
        "15 of 20 samples are on the diagonal",
        "Seconds of each batch: 1.5 on average, at most 2",
        "Megabytes of each batch: 3.5 on average, at most 4",
    ]
    assert sum(tag == "table" for tag, _ in elements) == 4
    headings = [one for tag, one in elements if tag == "th"]
    assert all("scope" in one for one in headings)


def test_what_a_report_says_is_escaped() -> None:
    given = record()
    given["params"]["<b>"] = "<i>"
    page = report_of(given)
    assert "<b>" not in page
    assert "<i>" not in page


def test_both_sides_write_records_whose_commitments_can_be_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sides = Sides(tmp_path, "--metric", "confusion", "--address", free_address())
    running = {
        "vendor": sides.start_one("vendor", "--record", "vendor.json"),
        "hospital": sides.start_one("hospital", "--record", "run.json", "--report", "run.html"),
    }
    for side in running.values():
        code, told, said = ends(side)
        assert code == 0, said
        assert told.startswith(sides.told)
        assert "in one batch of 32 samples" in said
    vendors, hospitals = (
        json.loads((tmp_path / name).read_text()) for name in ("vendor.json", "run.json")
    )
    same = ("session", "programs", "params", "commitments", "released", "ezlang")
    assert [vendors[one] for one in same] == [hospitals[one] for one in same]
    assert vendors["params"]["samples"] == 32
    metrics = {one["metric"]: one["value"] for one in vendors["released"]}
    assert f"accuracy: {metrics['accuracy']}\n" in sides.told
    assert sum(map(sum, metrics["confusion"])) == 32
    assert vendors["costs"]["bytes_sent"] == hospitals["costs"]["bytes_received"]
    assert Elements((tmp_path / "run.html").read_text()).open == []
    for nonce in ("vendor.nonce", "run.nonce"):
        assert stat.S_IMODE((tmp_path / nonce).stat().st_mode) == 0o600

    def checked(party: str, inputs: Path, nonce: str) -> int:
        command = ["check-record", str(tmp_path / "run.json"), "--party", party]
        return run_command([*command, "--input", str(inputs), "--nonce", str(tmp_path / nonce)])

    weights, data = tmp_path / "out" / "weights.npz", tmp_path / "data.npz"
    assert checked("vendor", weights, "vendor.nonce") == 0
    assert capsys.readouterr().out == f"vendor committed to {weights}.\n"
    assert checked("hospital", data, "run.nonce") == 0
    assert checked("vendor", data, "vendor.nonce") == 1
    assert checked("vendor", weights, "run.nonce") == 1
    assert "vendor did not commit to these inputs with this nonce" in capsys.readouterr().err
    assert checked("vendor", weights, "data.npz") == 2
