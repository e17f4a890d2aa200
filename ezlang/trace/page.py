"""The page of a trace: one file of HTML with its styles, its scripts and the trace as data.

The viewer's files are modules that import one another, so that they can be read and tested by
themselves. They are joined when a page is written: what they import is in the same script.
"""

from __future__ import annotations

import json
import re
from html import escape
from importlib.resources import files
from typing import Final

from ezlang import __version__

from .explanations import explanations
from .run import Trace

MODULES: Final = (
    "text.js",
    "model.js",
    "knowledge.js",
    "source.js",
    "messages.js",
    "parties.js",
    "protocols.js",
    "parts.js",
    "details.js",
    "reruns.js",
    "main.js",
)
"""The viewer's modules; each imports only earlier ones."""

_IMPORT: Final = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_EXPORT: Final = re.compile(r"^export ", re.MULTILINE)


def page_of(trace: Trace) -> str:
    """Return a trace as a page, which needs nothing else: it loads nothing from any network."""
    scripts = "\n".join(_EXPORT.sub("", _IMPORT.sub("", _file(name))) for name in MODULES)
    told = {key: {"title": one.title, "text": one.text} for key, one in explanations().items()}
    parts = {
        "TITLE": escape(f"{trace.data['program']['name']} – a run of ezlang {__version__}"),
        "STYLE": _file("style.css"),
        "TRACE": _inside(trace.text()),
        "EXPLANATIONS": _inside(json.dumps(told, ensure_ascii=False, separators=(",", ":"))),
        "SCRIPT": scripts,
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _file("page.html"))


def _file(name: str) -> str:
    return files("ezlang.trace").joinpath("viewer", name).read_text(encoding="utf-8")


def _inside(data: str) -> str:
    """Return JSON as the text of a script element, which must not have an end tag in it."""
    return data.replace("<", "\\u003c")
