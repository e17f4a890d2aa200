"""The textual form of the IR: reading what is printed gives the same program."""

import random
from pathlib import Path

import pytest

from ezlang.check import check
from ezlang.compiler.ir import tree as ir
from ezlang.compiler.ir.parse import IrSyntaxError, parse_program
from ezlang.compiler.ir.text import OPERATIONS, print_program
from ezlang.compiler.ir.tree import BinaryKind
from ezlang.compiler.ir.verify import verify
from ezlang.compiler.lower import lower
from ezlang.compiler.passes import run_passes
from ezlang.source import Source
from ezlang.types.labels import SECRET, owned
from ezlang.types.types import BOOL, INT32, Field, StructType
from tests.support.generator import ProgramGenerator
from tests.support.ir_drafts import Draft

ROOT = Path(__file__).parents[2]

PROGRAMS = sorted([*ROOT.glob("examples/*/main.ez"), *ROOT.glob("tests/programs/good/*.ez")])


def lowered(text: str) -> ir.Program:
    result = check(Source("main.ez", text), settings={})
    assert result.program is not None
    return lower(result.program)


def same_again(program: ir.Program) -> None:
    text = print_program(program)
    read = parse_program(text)
    verify(read)
    assert print_program(read) == text
    assert read == program


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_programs(path: Path) -> None:
    result = check(Source(str(path), path.read_text()), settings={})
    assert result.program is not None
    # Between them, these leave every kind of operation.
    for pipeline in ("none", "plain", "boolean"):
        same_again(run_passes(lower(result.program), pipeline))


@pytest.mark.parametrize("seed", range(100))
def test_generated_programs(seed: int) -> None:
    generator = ProgramGenerator(random.Random(seed).randint, ("ann", "ben", "cem"))
    same_again(lowered(generator.program().text))


def test_all_kinds_of_attributes() -> None:
    draft = Draft()
    build = draft.build
    x = draft.give(INT32, list(range(12)), SECRET)
    grid = build.reshape(x, (3, 4))
    start = build.index(1)
    part = build.affine_read(grid, [(0, 1, 0), (-1, 0, 2)], (3, 2), [None, start])
    grid = build.affine_write(grid, part, [(2, -1, 0), (0, 0, 1)])
    build.iota(INT32, 5, -3, 2)
    build.bit(x, 31)
    rows = build.reduce(BinaryKind.MAX, grid, 1)
    text = 'it\'s "so"\n\\n'
    build.emit(ir.Assert(message=text, operands=(build.constant(BOOL, (1,)),)))
    draft.show(rows, text)
    program = draft.program()
    same_again(program)
    (found,) = [o for o in parse_program(print_program(program)).main.body.operations
                if isinstance(o, ir.Assert)]  # fmt: skip
    assert found.message == text


def test_structs_of_one_name() -> None:
    inner = StructType("P", (Field("x", INT32, owned(1)),))
    outer = StructType("P", (Field("p", inner), Field("y", BOOL)))
    type = ir.TensorType(INT32, (), owned(0))
    value = ir.Value(0, type, "what (it) is")
    operation = ir.Input(party=0, name="p", path=("p", "x"), whole=outer, results=(value,))
    body = ir.Region(operations=(operation,))
    program = ir.Program(
        parties=("a", "b"),
        functions=(ir.Function(name="main", body=body, pc=SECRET.meet(SECRET)),),
    )
    text = print_program(program)
    assert "struct P { x: int32 @b }\nstruct P~2 { p: P, y: bool }" in text
    assert "%0.what_it_is = input" in text
    assert print_program(parse_program(text)) == text


def test_every_operation_has_a_name() -> None:
    assert OPERATIONS["oblivious_read"] is ir.ObliviousRead
    assert OPERATIONS["if"] is ir.If
    assert len(OPERATIONS) == len({kind.__name__ for kind in OPERATIONS.values()})


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("%1 = nonsense : int32 public", "there is no operation `nonsense`"),
        ("%1 = relabel %9 : int32 public", "%9 is not defined before"),
        ("%1 = constant : int32 public", "`constant` needs attribute `data`"),
        ("%1 = reveal[data=(1)] %0 : int32 public", "`reveal` has no attribute `data`"),
        ("%1, %2 = reveal %0 : int32 public", "a type is needed for each result"),
        ("%1 = reveal %0 : int32 @carol", "there is no label `carol`"),
        ("%1 = reveal %0 : text public", "there are no tensors of `text`"),
        ("%1 = input[party=a, name='x', whole=Q] : int32 @a", "there is no type `Q`"),
        ("%1 = = reveal", "line 4, column 8: `=` can't stand here"),
        ("%1 =", "the line can't end here"),
        ("%1 = unary[kind=wrong] %0 : int32 public", "`unary` can't have this `kind`"),
        ("%1 = input[party=carol, name='x'] : int32 @a", "`input` can't have this `party`"),
    ],
)
def test_what_is_no_ir_is_refused(line: str, says: str) -> None:
    one = "%0 = constant[data=(1)] : int32 public"
    text = f"party a, b\nfn main() {{\n  {one}\n  {line}\n  yield\n}}\n"
    with pytest.raises(IrSyntaxError) as caught:
        parse_program(text)
    assert says in str(caught.value)
    assert caught.value.span.line == 4
