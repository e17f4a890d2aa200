"""The package list, the links of the tree, and the layers agree with what is there."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def folders_with_code() -> set[str]:
    found = set()
    for top in ("ezlang", "compiler", "grammar", "stdlib"):
        for init in (ROOT / top).rglob("__init__.py"):
            parts = init.parent.relative_to(ROOT).parts
            if any((ROOT.joinpath(*parts[: i + 1])).is_symlink() for i in range(len(parts))):
                continue
            found.add(".".join(parts if top == "ezlang" else ("ezlang", *parts)))
    return found


def test_every_package_is_listed() -> None:
    packages = set(PYPROJECT["tool"]["setuptools"]["packages"])
    assert packages == folders_with_code() | {"ezlang.examples"}  # programs, and no code


def test_every_folder_with_code_is_a_package() -> None:
    for top in ("ezlang", "compiler"):
        for module in (ROOT / top).rglob("*.py"):
            assert (module.parent / "__init__.py").exists(), module


def test_the_links_lead_to_the_folders() -> None:
    for name in ("compiler", "grammar", "stdlib"):
        link = ROOT / "ezlang" / name
        assert link.is_symlink()
        assert link.readlink() == Path("..") / name


def test_the_front_end_needs_neither_llvmlite_nor_sockets() -> None:
    import subprocess
    import sys

    code = (
        "import sys, ezlang.check, ezlang.syntax.parser, ezlang.executors.simulate, ezlang.api\n"
        "loaded = {'llvmlite', 'socket', '_socket', 'nacl'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(loaded)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
