"""Homomorphic products as an ideal functionality, with the messages of native code.

Their contents are noise: ciphertexts look uniform to who has no key, and the results are masked.
"""

from __future__ import annotations

from collections.abc import Callable

from ezlang.compiler.protocols.core.purposes import Purpose
from ezlang.compiler.protocols.core.steps import Array, Bytes, Ideal, Round, Steps, ask
from ezlang.compiler.protocols.homomorphic.form import Form
from ezlang.records import dataclass


@dataclass(frozen=True, slots=True)
class IdealEncryption:
    """One party's homomorphic products with a `peer`; `noise` fills its messages."""

    peer: int
    noise: Callable[[int], Bytes]

    def encrypt(self, form: Form, x: Array) -> Steps[Array]:
        """Send a request, and get a share of the product with the reply."""
        sent = (self.noise(form.request_bytes),)
        yield from ask(Round(peer=self.peer, send=sent, purpose=Purpose.ENCRYPTED_MATRIX))
        reply = Round(peer=self.peer, receive=form.reply_bytes, purpose=Purpose.ENCRYPTED_PRODUCT)
        return (yield from self._product(form, reply, x))

    def multiply(self, form: Form, known: Array) -> Steps[Array]:
        """Get a request, and a share of the product when replying."""
        size, purpose = form.request_bytes, Purpose.ENCRYPTED_MATRIX
        yield from ask(Round(peer=self.peer, receive=size, purpose=purpose))
        sent = (self.noise(form.reply_bytes),)
        reply = Round(peer=self.peer, send=sent, purpose=Purpose.ENCRYPTED_PRODUCT)
        return (yield from self._product(form, reply, known))

    def _product(self, form: Form, reply: Round, matrix: Array) -> Steps[Array]:
        inputs = form, bool(reply.send), matrix
        box = Ideal(peer=self.peer, box=Purpose.ENCRYPTED_PRODUCT, inputs=inputs)
        replies = yield reply, box
        share: Array = replies[1]
        return share
