"""The build of this package: what two processes compare before they exchange anything secret.

Code of the same version may differ while it is being developed, and processes whose kernels lay out
messages differently would compute wrong results without noticing.
"""

from __future__ import annotations

import os
from functools import cache
from hashlib import sha256

from ezlang import __version__

from .cache import code_files, code_identity, read_cached, write_cached
from .files import PACKAGE

_DIGITS = 16


@cache
def build() -> str:
    """Return the version and a digest of the package's code: the same wherever the code is."""
    name = f"build-{code_identity()}.txt"
    known = read_cached(name)
    if known is None:
        known = _digest().encode()
        write_cached(name, known)
    return f"{__version__}+{known.decode()}"


def _digest() -> str:
    """Return the digest of all code, by its place in the package and its lines."""
    digest = sha256()
    files = {os.path.relpath(one.path, PACKAGE): one.path for one in code_files()}
    for place, path in sorted(files.items()):
        with open(path, "rb") as file:
            content = file.read().replace(b"\r\n", b"\n")
        digest.update(f"{place}\0{len(content)}\0".replace(os.sep, "/").encode() + content)
    return digest.hexdigest()[:_DIGITS]
