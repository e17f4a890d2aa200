"""The native party of homomorphic products: its keys, and messages of `native/encryption.py`."""

from __future__ import annotations

import numpy as np

from ...ir.parties import Side
from ..core.backend import Random
from ..core.purposes import Purpose
from ..core.steps import Array, Round, Steps, ask
from ..homomorphic.form import Form
from ..homomorphic.keys import Keys
from ..homomorphic.parameters import Parameters
from .calls import Native
from .encryption import KeyHolder, KeyUser


class NativeEncryption:
    """The homomorphic products (`party.Encryption`) of one party."""

    def __init__(self, side: Side, native: Native, random: Random) -> None:
        self._peer = side.other
        self._own = side.own
        self._native = native
        self._random = random
        self._holders: dict[Parameters, KeyHolder] = {}
        self._users: dict[Parameters, KeyUser] = {}

    def begin(self, keys: Keys) -> Steps[None]:
        """Draw this party's keys, and exchange the public ones: one round."""
        own, other = keys.of(self._own), keys.of(self._peer)
        for one in own:
            self._holders[one] = KeyHolder(self._native, one, self._random)
        sent = tuple(holder.public_key() for holder in self._holders.values())
        size = sum(one.key_bytes for one in other)
        received = yield from ask(
            Round(peer=self._peer, send=sent, receive=size, purpose=Purpose.PUBLIC_KEYS)
        )
        for one in other:
            key, received = received[: one.key_bytes], received[one.key_bytes :]
            self._users[one] = KeyUser(self._native, one, self._random, key)

    def encrypt(self, form: Form, x: Array) -> Steps[Array]:
        """Send the encrypted matrix; decrypt what comes back."""
        holder = self._holders[form.parameters]
        request = holder.encrypt(form, x)
        yield from ask(Round(peer=self._peer, send=(request,), purpose=Purpose.ENCRYPTED_MATRIX))
        reply = yield from ask(
            Round(peer=self._peer, receive=form.reply_bytes, purpose=Purpose.ENCRYPTED_PRODUCT)
        )
        return holder.decrypt(form, reply)

    def multiply(self, form: Form, known: Array) -> Steps[Array]:
        """Multiply what arrives, and send it back."""
        request = yield from ask(
            Round(peer=self._peer, receive=form.request_bytes, purpose=Purpose.ENCRYPTED_MATRIX)
        )
        reply, share = self._users[form.parameters].multiply(form, request, known)
        sent = np.ascontiguousarray(reply)
        yield from ask(Round(peer=self._peer, send=(sent,), purpose=Purpose.ENCRYPTED_PRODUCT))
        return share
