"""Constants that functions compute: the same values as in a run."""

from __future__ import annotations

import pytest

from ezlang import api
from tests.check.check_help import codes
from tests.stdlib.library import MODULES, examples, functions


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_the_library_hold_as_constants(module: str) -> None:
    texts = [one.text for function in functions(module) for one in examples(function)]
    texts = [text for text in texts if "shuffled" not in text]  # random numbers are no constants
    constants = "\n".join(f"const e{number} = {text};" for number, text in enumerate(texts))
    body = " ".join(f'output(all, e{number}, "{number}");' for number in range(len(texts)))
    text = f"import {module};\nparty alice, bob;\n{constants}\nfn main() {{ {body} }}\n"
    outputs = api.run_clear(api.checked(api.check_text(text)), {}).outputs["alice"]
    for number, one in enumerate(texts):
        assert "False" not in str(outputs[str(number)]), one


def test_errors_in_a_function_that_only_a_constant_calls_are_reported() -> None:
    items = "const int32 c = f(1);\nfn f(int32 x) -> int32 { return y; }"
    assert codes('output(all, c, "c");', items) == ["EZ1001"]


def test_a_constant_and_its_function_may_not_need_each_other() -> None:
    items = "const int32 c = f(1);\nfn f(int32 x) -> int32 { return c; }"
    assert codes('output(all, c, "c");', items) == ["EZ1036"]


def test_what_is_secret_in_a_function_is_no_constant() -> None:
    items = "const int32 c = f(1);\nfn f(secret int32 x) -> int32 { return reveal(x); }"
    assert codes('output(all, c, "c");', items) == ["EZ2024"]
