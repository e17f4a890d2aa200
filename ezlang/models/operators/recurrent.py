"""Recurrent layers of a fixed number of steps, by the library's `recurrent`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ezlang.records import dataclass

from ..graph import Array
from ..problems import RefusedError
from .axes import transposed
from .layer import Emit, Layer, shaped

_GATES: Final = {"RNN": 1, "GRU": 3, "LSTM": 4}
_FUNCTIONS: Final = {
    "RNN": ({"tanh"}, {"relu"}),
    "GRU": ({"sigmoid", "tanh"},),
    "LSTM": ({"sigmoid", "tanh"},),
}
"""The activation functions that the library has for each layer, in their order."""
_DEFAULTS: Final = {
    "RNN": ["tanh"],
    "GRU": ["sigmoid", "tanh"],
    "LSTM": ["sigmoid", "tanh", "tanh"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sizes:
    steps: int
    directions: int
    rows: int
    channels: int
    hidden: int

    @property
    def states(self) -> tuple[int, ...]:
        """The shape of the states of all steps."""
        return self.steps, self.directions, self.rows, self.hidden


def lstm(layer: Layer) -> Sequence[str]:
    """A long short-term memory: all hidden states, the last one, and the last cell."""
    size = _sizes(layer)
    if layer.attribute("input_forget", 0):
        raise RefusedError("its input and forget gates are one")
    x, weights, recurrent = _sequence(layer, size), layer.operand(1), layer.operand(2)
    bias = _bias(layer, _halves(layer, size))
    name, holes = "lstm", ""
    if layer.has(7):
        name, shape = "lstm_with_peepholes", (size.directions, 3, size.hidden)
        data = layer.constant(7)
        given = (
            shaped(layer.operand(7), shape)
            if data is None
            else layer.weight("peepholes", data.reshape(shape))
        )
        holes = f"{given}, "
    hidden, cell = _state(layer, 5), _state(layer, 6)
    text = f"recurrent.{name}({x}, {weights}, {recurrent}, {bias}, {holes}{hidden}, {cell})"
    states = layer.named("states", text, (2, *size.states))
    last = size.steps - 1
    return (
        _in_order(layer, f"{states}[0]", size),
        _last(layer, f"{states}[0][{last}]", size),
        _last(layer, f"{states}[1][{last}]", size),
    )


def gru(layer: Layer) -> Sequence[str]:
    """Gated recurrent units: all states, and the last one."""
    size = _sizes(layer)
    x, weights = _sequence(layer, size), layer.operand(1)
    halves, state = _halves(layer, size), _state(layer, 5)
    if layer.attribute("linear_before_reset", 0):
        recurrent = layer.operand(2)
        of_inputs, of_state = "0.0", "0.0"
        if halves is not None:
            of_inputs = layer.weight("bias", halves[0])
            of_state = layer.weight("state_bias", halves[1])
        return _states(
            layer, f"gru({x}, {weights}, {recurrent}, {of_inputs}, {of_state}, {state})", size
        )
    given = layer.constant(2)
    if given is None:
        raise RefusedError("its weights depend on the model's inputs")
    gates, candidate = np.split(given, [2 * size.hidden], axis=1)
    recurrent = f"{layer.weight('to_gates', gates)}, {layer.weight('to_candidate', candidate)}"
    bias = _bias(layer, halves)
    return _states(layer, f"gru_of_reset_state({x}, {weights}, {recurrent}, {bias}, {state})", size)


def rnn(layer: Layer) -> Sequence[str]:
    """A recurrent layer without gates: all states, and the last one."""
    size = _sizes(layer)
    name = "rnn_relu" if "relu" in _activations(layer) else "rnn"
    x, weights, recurrent = _sequence(layer, size), layer.operand(1), layer.operand(2)
    bias, state = _bias(layer, _halves(layer, size)), _state(layer, 5)
    return _states(layer, f"{name}({x}, {weights}, {recurrent}, {bias}, {state})", size)


def _states(layer: Layer, call: str, size: _Sizes) -> Sequence[str]:
    """The texts for all states and for the last one."""
    states = layer.named("states", f"recurrent.{call}", size.states)
    last = _last(layer, f"{states}[{size.steps - 1}]", size)
    return _in_order(layer, states, size), last


def _sizes(layer: Layer) -> _Sizes:
    """Return the sizes of a layer; refuse what the library doesn't compute."""
    directions, _, hidden = layer.shape(2)
    steps, rows, channels = layer.shape()
    if layer.attribute("layout", 0):
        steps, rows = rows, steps
    if layer.attribute("clip") is not None:
        raise RefusedError("it clips what its gates see")
    used = _activations(layer)
    own = len(_DEFAULTS[layer.node.op])
    parts = [used[start : start + own] for start in range(0, len(used), own)]
    known = any(set(used) == functions for functions in _FUNCTIONS[layer.node.op])
    if not known or any(part != parts[0] or part[1:] != ["tanh"] * (own - 1) for part in parts):
        raise RefusedError(f"its activations are {', '.join(layer.attribute('activations'))}")
    if layer.has(4):
        lengths = layer.data(4, "the lengths of its sequences")
        if (lengths != steps).any():
            raise RefusedError("its sequences have different lengths")
    return _Sizes(steps=steps, directions=directions, rows=rows, channels=channels, hidden=hidden)


def _activations(layer: Layer) -> list[str]:
    given = layer.attribute("activations")
    return _DEFAULTS[layer.node.op] if not given else [one.lower() for one in given]


def _is_two_way(layer: Layer) -> bool:
    return bool(layer.attribute("direction", "forward") == "bidirectional")


def _sequence(layer: Layer, size: _Sizes) -> str:
    """The text for the inputs in the order in which each direction takes its steps."""
    x = transposed(layer.x, layer.shape(), (1, 0, 2)) if layer.attribute("layout", 0) else layer.x
    if _is_two_way(layer):
        return f"recurrent.both_ways({x})"
    if layer.attribute("direction", "forward") == "reverse":
        x = f"moves.reversed::<[]>({x})"
    return shaped(x, (size.steps, 1, size.rows, size.channels))


def _halves(layer: Layer, size: _Sizes) -> tuple[Array, Array] | None:
    """Return the numbers that are added to what gates see of inputs, and of the state."""
    if not layer.has(3):
        return None
    given = layer.constant(3)
    if given is None:
        raise RefusedError("its bias depends on the model's inputs")
    count = _GATES[layer.node.op] * size.hidden
    return given[:, :count], given[:, count:]


def _bias(layer: Layer, halves: tuple[Array, Array] | None) -> str:
    """The text for both of them where they are added anyway."""
    if halves is None:
        return "0.0"
    first, second = (one.astype(np.float64) for one in halves)
    return layer.weight("bias", first + second)


def _state(layer: Layer, place: int) -> str:
    """The text for a state before the first step."""
    if not layer.has(place):
        return "0.0"
    value = layer.value(place)
    if value.data is not None and value.is_public and not value.data.any():
        return "0.0"
    text = layer.operand(place)
    return transposed(text, value.shape, (1, 0, 2)) if layer.attribute("layout", 0) else text


def _in_order(layer: Layer, states: str, size: _Sizes) -> str:
    """The text for all states as the result has them."""
    if _is_two_way(layer):
        states = f"recurrent.in_order({states})"
    elif layer.attribute("direction", "forward") == "reverse":
        states = f"moves.reversed::<[]>({states})"
    return transposed(states, size.states, (2, 0, 1, 3)) if layer.attribute("layout", 0) else states


def _last(layer: Layer, state: str, size: _Sizes) -> str:
    """The text for a last state as the result has it."""
    if not layer.attribute("layout", 0):
        return state
    return transposed(state, size.states[1:], (1, 0, 2))


OPERATORS: Final[dict[str, Emit]] = {"LSTM": lstm, "GRU": gru, "RNN": rnn}
