"""All passes by name, for the command line and for tests."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ..cost.profiles import LAN, Profile
from .assign import ProtocolChoice, assign
from .assign.forward_clear import forward_known
from .description import Pass
from .general.checks import drop_checks
from .general.constants import fold_constants
from .general.cse import merge_common
from .general.dce import remove_dead
from .general.find_products import fold_products
from .general.inline import inline
from .general.moves import merge_moves
from .general.oblivious import expand_oblivious
from .general.oblivious_add import add_at_indices
from .general.outline import outline
from .general.reduce import expand_products, expand_reduce
from .general.simplify import simplify
from .prepare import vectorise_for
from .sharings.circuit_depth import choose_circuits
from .sharings.clamps import clamp_once
from .sharings.clients import route_clients
from .sharings.cuts import cut_once
from .sharings.encrypted import choose_encrypted
from .sharings.expand import expand_shared
from .sharings.followers import tell_clients
from .sharings.garbling import choose_scheme
from .sharings.late_shifts import shift_after_signs
from .sharings.masks import mask_factors
from .sharings.narrow import narrow
from .sharings.ot_kinds import choose_ots
from .sharings.pairs import choose_once, compare_once
from .sharings.schedule import schedule
from .sharings.share import share
from .sharings.signs import select_by_sign


def passes_for(
    protocol: ProtocolChoice = ProtocolChoice.AUTO, profile: Profile = LAN
) -> Mapping[str, Pass[[]]]:
    """Return all passes by name, with the options that a protocol choice and a network give them.

    They are in the order in which `prepare` first runs them; those that it doesn't run come last.
    """
    passes = (
        fold_constants,
        simplify,
        merge_common,
        inline,
        add_at_indices,
        expand_oblivious,
        remove_dead,
        vectorise_for(protocol),
        merge_moves,
        fold_products,
        drop_checks,
        forward_known,
        compare_once,
        select_by_sign,
        shift_after_signs,
        share,
        narrow,
        assign.given(protocol, profile),
        route_clients,
        choose_once,
        clamp_once,
        cut_once,
        expand_shared,
        mask_factors,
        schedule,
        outline.given(),
        tell_clients,
        choose_circuits.given(profile),
        choose_encrypted.given(profile),
        choose_ots.given(profile),
        choose_scheme.given(profile),
        expand_reduce.given(),
        expand_products.given(),
    )
    return MappingProxyType({one.name: one for one in passes})
