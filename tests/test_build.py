"""The build: the same wherever the code is, and another one where any line of it differs."""

import shutil
import subprocess
import sys
from pathlib import Path

import ezlang
from ezlang.build import build

ASK = "from ezlang.build import build; print(build())"


def built(folder: Path, cache: Path) -> str:
    """Return the build of the package in a folder."""
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "EZLANG_CACHE": str(cache)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_the_build_is_the_code(tmp_path: Path) -> None:
    assert build().startswith(f"{ezlang.__version__}+")
    package = Path(ezlang.__file__).parent
    shutil.copytree(
        package, tmp_path / "ezlang", ignore=shutil.ignore_patterns("__pycache__", "golden")
    )
    cache = tmp_path / "cache"
    assert built(tmp_path, cache) == build()
    assert built(tmp_path, cache) == build()  # from the cache
    kernel = tmp_path / "ezlang" / "compiler" / "kernels" / "ntt.py"
    kernel.write_text(kernel.read_text().replace("_NATURAL", "_OTHER"))
    assert built(tmp_path, cache) != build()
