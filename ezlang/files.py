"""Files of this package, and files that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).parent
"""The folder of this package, which also has its grammar and its library of programs.

`importlib.resources` takes longer to import than a program takes to check.
"""


def replace_file(path: Path, content: bytes, mode: int | None = None) -> None:
    """Write or replace a file at once or not at all: no process ever sees a part of it.

    The content goes to a new file in the same folder, which is then renamed. `mode` are the file's
    permissions; without it, only the user may read and write it. Raises OSError, and leaves nothing
    behind then.
    """
    import tempfile  # slow to import, and seldom needed

    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
        written = Path(file.name)
        try:
            file.write(content)
            file.close()
            if mode is not None:
                written.chmod(mode)
            os.replace(written, path)
        except OSError:
            written.unlink(missing_ok=True)
            raise
