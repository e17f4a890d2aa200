"""Nothing that others may have written is unpickled: a pickle can run any code."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
UNPICKLING = frozenset({"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve"})
OWN = {
    "ezlang/executors/native/prepared.py": "prepared programs in the user's cache",
    "ezlang/executors/native/messages.py": "between a process and the children that it starts",
}
"""The files that use pickles, and whose they are: never a peer's, nor those of an input."""


def _trees() -> dict[str, ast.Module]:
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8"))
        for folder in ("ezlang", "compiler", "benchmarks", "examples")
        for path in sorted((ROOT / folder).rglob("*.py"))
    }


def test_pickles_are_between_own_processes_only() -> None:
    found = {
        name
        for name, tree in _trees().items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and UNPICKLING & {a.name for a in node.names})
        or (isinstance(node, ast.ImportFrom) and node.module in UNPICKLING)
    }
    assert found == set(OWN)


def test_no_file_of_numpy_is_unpickled() -> None:
    for name, tree in _trees().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            called = ast.unparse(node.func)
            said = {word.arg: ast.unparse(word.value) for word in node.keywords}
            if called in ("np.load", "numpy.load"):
                assert said.get("allow_pickle") == "False" or name.startswith(("bench", "examp")), (
                    name
                )
            assert said.get("allow_pickle", "False") == "False", name
