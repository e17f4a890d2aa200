"""Files of this package, and files that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).parent
"""The folder of this package, which also has its grammar and its library of programs.

`importlib.resources` takes longer to import than a program takes to check.
"""


def sync_folder(folder: Path) -> None:
    """Wait until the names of files in a folder are on the disk, where systems have such a call."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def replace_file(
    path: Path, content: bytes, mode: int | None = None, *, durable: bool = False
) -> None:
    """Write or replace a file at once or not at all: no process ever sees a part of it.

    The content goes to a new file in the same folder, which is then renamed. `mode` are the file's
    permissions; without it, only the user may read and write it. `durable`: the content is on the
    disk before the file gets its name. Raises OSError, and leaves nothing behind then.
    """
    import tempfile  # slow to import, and seldom needed

    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
        written = Path(file.name)
        try:
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
            file.close()
            if mode is not None:
                written.chmod(mode)
            os.replace(written, path)
        except OSError:
            written.unlink(missing_ok=True)
            raise
