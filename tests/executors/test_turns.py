"""Inputs that parties are asked for while a program runs, by every executor."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from ezlang.api import RunResult, run_clear, run_native, run_simulated
from ezlang.diagnostics.diagnostic import EzError
from ezlang.values.data import Data, Outputs
from ezlang.values.turns import Question, answered_by
from tests.support.agreement import checked

GAME = checked(
    """
    party alice, bob;
    fn main() {
        int32 most = input(all, "most");
        secret int32 number = input(alice, "number");
        bool found = false;
        int32 turn = 0;
        while !found && turn < most {
            secret int32 guess = input(bob, "guess", turn);
            found = reveal(guess == number);
            output(bob, guess < number, "too low", turn);
            turn += 1;
        }
        output(all, turn, "turns");
    }
    """
)
RUNS = pytest.mark.parametrize("run", [run_clear, run_simulated, run_native])


@RUNS
def test_a_party_is_asked_after_it_was_told(run: Callable[..., RunResult]) -> None:
    """Bisection finds the number, by what bob is told between his guesses."""
    seen: list[tuple[Question, Outputs]] = []
    low, high = [0], [64]

    def answer(question: Question, outputs: Outputs) -> Data:
        seen.append((question, copy.deepcopy(outputs)))
        told = outputs["bob"].get("too low", [])
        if told:
            guess = (low[0] + high[0]) // 2
            (low if told[-1] else high)[0] = guess
        return (low[0] + high[0]) // 2

    with answered_by(answer):
        result = run(GAME, {"alice": {"most": 9, "number": 41}, "bob": {"most": 9, "guess": [32]}})
    assert result.outputs["alice"] == {"turns": 6}
    assert result.outputs["bob"]["too low"] == [True, False, True, False, False, False]
    assert [(one.party, one.name, one.turn) for one, _ in seen] == [
        ("bob", "guess", turn) for turn in range(1, 6)
    ]
    for question, outputs in seen:
        assert len(outputs["bob"]["too low"]) == question.turn
        assert "turns" not in outputs["bob"]


@RUNS
def test_a_run_fails_if_nobody_answers(run: Callable[..., RunResult]) -> None:
    inputs = {"alice": {"most": 9, "number": 41}, "bob": {"most": 9, "guess": [32, 48]}}
    with pytest.raises(EzError) as caught:
        run(GAME, inputs)
    (error,) = caught.value.diagnostics
    assert (error.code, caught.value.exit_code) == ("EZ4007", 3)
    assert "bob's `guess`, turn 2" in error.message


@RUNS
def test_what_interrupts_a_question_interrupts_the_run(run: Callable[..., RunResult]) -> None:
    def answer(question: Question, outputs: Outputs) -> Data:
        raise KeyboardInterrupt

    with answered_by(answer), pytest.raises(KeyboardInterrupt):
        run(GAME, {"alice": {"most": 9, "number": 41}, "bob": {"most": 9, "guess": []}})


@RUNS
def test_parties_agree_on_what_all_give(run: Callable[..., RunResult]) -> None:
    inputs = {"alice": {"most": 9, "number": 1}, "bob": {"most": 8, "guess": [1]}}
    with pytest.raises(EzError) as caught:
        run(GAME, inputs)
    (error,) = caught.value.diagnostics
    assert error.code == "EZ4112"
    assert "`most`, but alice gives 9, and bob 8" in error.message


def test_turns_have_one_type_each() -> None:
    with pytest.raises(EzError) as caught:
        run_clear(GAME, {"alice": {"most": 9, "number": 1}, "bob": {"most": 9, "guess": [1, True]}})
    (error,) = caught.value.diagnostics
    assert error.code == "EZ4105"
    assert "`guess[1]`" in error.message
    with pytest.raises(EzError) as caught:
        run_clear(GAME, {"alice": {"most": 9, "number": 1}, "bob": {"most": 9, "guess": 1}})
    assert "not a list of a value for each turn" in caught.value.diagnostics[0].message
