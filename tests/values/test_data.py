from hypothesis import given
from hypothesis import strategies as st

from ezlang.types.types import (
    BOOL,
    INT8,
    INT32,
    UINT64,
    ArrayType,
    Field,
    IntType,
    StructType,
    Type,
)
from ezlang.values.data import Data, flatten, leaves, unflatten
from tests.values.typed_programs import fitted

POINT = StructType("Point", (Field("x", INT32), Field("y", ArrayType(BOOL, (3,)))))

scalars: st.SearchStrategy[Type] = st.sampled_from([BOOL, INT8, INT32, UINT64])
shapes = st.lists(st.integers(0, 3), min_size=1, max_size=3).map(tuple)


def arrays(elements: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
    return st.builds(ArrayType, elements, shapes)


def structs(parts: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
    return st.lists(parts, min_size=1, max_size=3).map(
        lambda types: StructType("S", tuple(Field(f"f{i}", t) for i, t in enumerate(types)))
    )


inner = structs(scalars | arrays(scalars))
types: st.SearchStrategy[Type] = (
    scalars | arrays(scalars) | inner | arrays(inner) | structs(inner | arrays(inner))
)


def values_of(type: Type, draw: st.DataObject) -> Data:
    match type:
        case ArrayType(element, shape):

            def rows(rest: tuple[int, ...]) -> Data:
                if not rest:
                    return values_of(element, draw)
                return [rows(rest[1:]) for _ in range(rest[0])]

            return rows(shape)
        case StructType(_, fields):
            return {field.name: values_of(field.type, draw) for field in fields}
        case IntType():
            return draw.draw(st.integers(type.low, type.high))
        case _:
            return draw.draw(st.booleans())


def test_arrays_of_structs_become_an_array_for_each_field() -> None:
    type = ArrayType(POINT, (2,))
    value = [{"x": 1, "y": [True, False, True]}, {"x": -2, "y": [False, False, True]}]
    assert [(leaf.path, leaf.shape) for leaf in leaves(type)] == [(("x",), (2,)), (("y",), (2, 3))]
    flat = flatten(type, value)
    assert flat == {("x",): [1, -2], ("y",): [1, 0, 1, 0, 0, 1]}
    assert unflatten(type, flat) == value


def test_bools_and_integers_come_back_as_what_they_were() -> None:
    assert unflatten(BOOL, {(): [1]}) is True
    assert type(unflatten(INT8, {(): [True]})) is int


@given(types, st.data())
def test_flattening_loses_nothing(type: Type, draw: st.DataObject) -> None:
    value = values_of(type, draw)
    flat = flatten(type, value)
    assert [len(flat[leaf.path]) for leaf in leaves(type)] == [x.size for x in leaves(type)]
    assert unflatten(type, flat) == value
    assert fitted(type, value) == value
