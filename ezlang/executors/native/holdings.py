"""What a party has prepared for a run of two."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from ezlang.build import build
from ezlang.compiler.ir.parties import COMPUTING
from ezlang.session.handshake import OPTIONS
from ezlang.session.identity import fingerprint
from ezlang.store import errors
from ezlang.store.agreement import Holdings
from ezlang.store.places import open_store

from .executable import Executable

if TYPE_CHECKING:
    from ezlang.session.address import Address
    from ezlang.session.tls import Keys


def binding_of(
    executable: Executable, party: int, keys: Keys | None, dealer: Address | None = None
) -> str:
    """Return a digest of all that a run must have in common with its preparation.

    It covers the program as checked, with its sizes and protocols, params, the version with all
    code, who plays whom, and the key of the other party, if it is pinned; and whether a dealer made
    it, with its key.
    """
    said = {
        "program": executable.fingerprint,
        "params": executable.params,
        "choices": executable.choices,
        "version": build(),
        "options": OPTIONS,
        "party": party,
        "names": executable.program.parties,
        "peer": peer_of(keys, party),
        "dealer": None if dealer is None else dealer_of(dealer),
    }
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def peer_of(keys: Keys | None, party: int) -> str:
    """Return the fingerprint of the other party's key, if it is pinned."""
    if keys is None:
        return ""
    return fingerprint(keys.of_party(COMPUTING.other(party), party).certificate)


def dealer_of(dealer: Address) -> str:
    """Return the fingerprint of a dealer's key, if it is pinned."""
    return "" if dealer.keys is None else fingerprint(dealer.keys.peers[0].certificate)


def holdings_of(
    executable: Executable,
    party: int,
    keys: Keys | None,
    store: Path | None,
    *,
    dealer: Address | None = None,
    required: bool,
    say: Callable[[str], None],
) -> Holdings:
    """Return what a party holds for a run of an executable, made with a `dealer` or without.

    Raises EzError with exit code 2 if there is nothing, and it is `required`.
    """
    names = executable.program.parties
    kept = open_store(store, keys, names[party])
    binding = binding_of(executable, party, keys, dealer)
    entries = [] if kept is None else kept.entries()
    held = tuple(one.id for one in entries if one.binding == binding)
    if required and not held:
        raise errors.nothing_held(
            f"{names[party]} has nothing prepared for this program with these params, options and "
            f"this version of ezlang ({len(entries)} for others)"
        )
    own_and_other = names[party], names[COMPUTING.other(party)]
    return Holdings(store=kept, held=held, required=required, names=own_and_other, say=say)
