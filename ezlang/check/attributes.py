"""Attributes: `#[protocol(yao)]` asks for a sharing."""

from __future__ import annotations

from ezlang.syntax import tree as syntax
from ezlang.types.sharing import Sharing

from .context import Body
from .messages import names as errors_names

PROTOCOL = "protocol"
SHARINGS = {sharing.value: sharing for sharing in Sharing}


def sharing(body: Body, attribute: syntax.Attribute | None) -> Sharing | None:
    """Return the sharing that an attribute asks for; None if there is none, or if it is wrong."""
    if attribute is None:
        return None
    if attribute.name.text != PROTOCOL:
        body.report(errors_names.unknown_attribute(attribute.name, PROTOCOL))
        return None
    found = SHARINGS.get(attribute.value.text)
    if found is None:
        body.report(errors_names.unknown_protocol(attribute.value, list(SHARINGS)))
    return found
