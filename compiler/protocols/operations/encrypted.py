"""Which products are homomorphic, and the keys that they need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ezlang.diagnostics.diagnostic import CompilerBug
from ezlang.records import replace

from ...ir import tree as ir
from ...ir.parties import COMPUTING
from ..homomorphic.form import Form
from ..homomorphic.keys import Keys, keys_of
from ..homomorphic.products import form_of_images, form_of_matrices

Product = ir.MatrixProduct | ir.Convolution


def cross_terms(operation: Product) -> Sequence[tuple[int, Form | None]]:
    """Return the cross terms of an encrypted product: the key holder and the form of each.

    A form is None if there is none.
    """
    known = known_operand(operation)
    if known is None:
        form = _form(operation)
        return tuple((party, form) for party in COMPUTING)
    owner = owner_of(operation.types[known])
    return tuple((party, _form_with(operation, known)) for party in COMPUTING if party != owner)


def known_operand(operation: Product) -> int | None:
    """Return the operand that its owner multiplies by; None if both are shared."""
    owned = [i for i in (1, 0) if owner_of(operation.types[i]) is not None]
    if len(owned) == 2 and isinstance(operation, ir.MatrixProduct):
        return operation.multiplier
    return owned[0] if owned else None


def _form_with(operation: Product, known: int) -> Form | None:
    return _form(operation) if known == 1 else _turned_form(operation)


def _form(operation: Product) -> Form | None:
    """Return the form of a product whose right operand is known."""
    x, y = (type.shape for type in operation.types[:2])
    width, bits = operation.result.type.width, operation.encrypted
    if isinstance(operation, ir.Convolution):
        return form_of_images(x, y, operation.window, width, bits)
    return form_of_matrices(x, y, width, bits)


def _turned_form(operation: Product) -> Form | None:
    """Return the form of a product whose left operand is known: there is none for images."""
    if isinstance(operation, ir.Convolution):
        return None
    x, y = ((*t.shape[:-2], t.shape[-1], t.shape[-2]) for t in operation.types[:2])
    return form_of_matrices(y, x, operation.result.type.width, operation.encrypted)


def owner_of(type: ir.TensorType) -> int | None:
    """Return the party that alone knows an operand, if it isn't shared."""
    return type.label.owner if type.sharing is None else None


def forms_of(operation: Product) -> Sequence[tuple[int, Form]]:
    """Return the same, where forms exist."""
    found = [(holder, form) for holder, form in cross_terms(operation) if form is not None]
    if len(found) < len(cross_terms(operation)):
        raise CompilerBug("a product was marked as homomorphic that has no form")
    return found


def encrypted_in(operations: Iterable[ir.Operation]) -> Iterator[Product]:
    """Yield the products that are marked as homomorphic, and have elements."""
    for one in operations:
        if isinstance(one, Product) and one.encrypted and all(t.size for t in one.types):
            yield one


def keys_for(operations: Iterable[ir.Operation]) -> Keys:
    """Return the keys of a session in which operations run."""
    return keys_of(term for one in encrypted_in(operations) for term in forms_of(one))


def keys_of_program(program: ir.Program) -> Keys:
    """Return the keys of a session that runs a program."""
    return keys_for(one for function in program.functions for one in ir.walk(function.body))


def with_encryption(operation: Product, known: int, bits: int) -> Product | None:
    """Return a product marked as homomorphic, with the bits of operand `known`.

    None if there is no such form, or its noise would be too large.
    """
    marked = replace(operation, encrypted=bits)
    if isinstance(marked, ir.MatrixProduct):
        marked = replace(marked, multiplier=known)
    if known_operand(marked) not in (None, known):
        return None
    return marked if all(form is not None for _, form in cross_terms(marked)) else None


def transforms_of(operation: ir.Operation) -> int:
    """Return the transforms that both parties compute for a product, one after the other."""
    return sum(
        sum(form.transforms) + form.products // 4
        for one in encrypted_in((operation,))
        for _, form in forms_of(one)
    )
