"""The pages about failures of runs: their programs fail or succeed as the pages say."""

from typing import Any

import pytest

from ezlang import api
from ezlang.diagnostics.catalogue import explain
from ezlang.diagnostics.diagnostic import EzError
from ezlang.executors.failures import Failure
from tests.support.error_pages import parse_page

INPUTS: dict[Failure, dict[str, dict[str, Any]]] = {
    Failure.DIVISION: {"alice": {"total": 10}, "bob": {"count": 0}},
    Failure.SHIFT: {"alice": {"x": 10}, "bob": {"s": 32}},
    Failure.INDEX: {"alice": {"a": [1, 2, 3, 4]}, "bob": {"i": 4}},
    Failure.ASSERTION: {"alice": {"bid": -1}},
    Failure.OUTPUT: {"alice": {"bids": [1, 2, 3]}},
    Failure.SLICE: {"alice": {"a": [0] * 8}, "bob": {"from": 5}},
    Failure.INPUT: {"alice": {"number": 42}, "bob": {"guess": [50, 20]}},
    Failure.TURN: {"alice": {"x": [1, 2, 3, 4]}},
}


@pytest.mark.parametrize("run", [api.run_clear, api.run_simulated])
@pytest.mark.parametrize("kind", list(Failure), ids=lambda kind: kind.code)
def test_programs(kind: Failure, run: Any) -> None:
    text = explain(kind.code)
    assert text is not None
    page = parse_page(text)
    assert page.wrong_program is not None
    assert page.right_program is not None
    wrong = api.checked(api.check_text(page.wrong_program))
    with pytest.raises(EzError) as caught:
        run(wrong, INPUTS[kind])
    assert [d.code for d in caught.value.diagnostics] == [kind.code]
    assert caught.value.exit_code == 3
    run(api.checked(api.check_text(page.right_program)), INPUTS[kind])
