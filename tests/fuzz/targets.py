"""Every parser of bytes that others may have written: the table of what is fuzzed.

A target takes bytes, and a folder for those that it reads from a file. It returns or raises an
`EzError`; everything else is a mistake of ours.
"""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from ezlang import api
from ezlang.audit.recording import FORMAT
from ezlang.audit.records import canonical, read_record, signed_by
from ezlang.compiler.cost import profiles
from ezlang.compiler.protocols.core.preprocessing import BitTriple, MatrixTriple, RingTriple
from ezlang.executors.native.measurement import Measured
from ezlang.ezpc.program import translate
from ezlang.models.streaming import agreement
from ezlang.models.streaming.state import Batch, State, load_state
from ezlang.session.channel import SocketChannel
from ezlang.session.dealing import Answer, Request, read_answer, read_request
from ezlang.session.handshake import Hello, answer, introduce
from ezlang.session.identity import read_card, signed
from ezlang.session.parties import load_parties
from ezlang.session.records import Incoming, head
from ezlang.store import agreement as store_agreement
from ezlang.store.agreement import Holdings, nothing_held
from ezlang.store.folder import Store, stored
from ezlang.syntax.reader import read_source
from ezlang.values.check import check_inputs
from ezlang.values.files import read_input, read_inputs
from tests.store import entries as store_entries

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0
NAMES = ("alice", "bob")
HELLO = Hello(party=0, names=NAMES, fingerprint="0" * 64, params={"n": 30, "fast": True})
PROGRAM = api.checked(
    api.check_text(
        """party alice, bob;
struct Point { int32 x; bool seen; }
fn main() {
    @alice fixed[3] a = input(alice, "a");
    @alice Point[2] b = input(alice, "b");
    @bob uint8 c = input(bob, "c");
    output(bob, c, "c");
}
"""
    )
)

TABLE = api.checked(
    api.check_text(
        """party alice, bob;
fn main() {
    @alice fixed[3] a = input(alice, "a");
    @alice uint8[3] c = input(alice, "c");
    output(alice, c, "c");
}
"""
    )
)
ONE = api.checked(
    api.check_text(
        'party alice, bob;\nfn main() { @alice fixed[3] a = input(alice, "a"); '
        'output(alice, a, "a"); }\n'
    )
)

Parse = Callable[[bytes, Path], object]


@dataclass(frozen=True)
class Target:
    """A parser, and valid bytes for it. `slow`: it takes milliseconds, and gets fewer examples."""

    parse: Parse
    examples: Sequence[bytes]
    slow: bool = False


def from_peer(work: Callable[[SocketChannel], object]) -> Parse:
    """Return a parser of what a peer sends before it hangs up."""

    def parse(data: bytes, _folder: Path) -> object:
        ours, theirs = socket.socketpair()
        theirs.settimeout(PATIENCE)
        channel = SocketChannel(ours, PATIENCE)
        try:
            theirs.sendall(data[: 1 << 17])
            theirs.shutdown(socket.SHUT_WR)
            return work(channel)
        finally:
            channel.close()
            theirs.close()

    return parse


def from_file(suffix: str, read: Callable[[Path], object]) -> Parse:
    """Return a parser of a file."""

    def parse(data: bytes, folder: Path) -> object:
        path = folder / f"fuzzed{suffix}"
        path.write_bytes(data)
        return read(path)

    return parse


def _records(data: bytes, _folder: Path) -> object:
    incoming = Incoming()
    incoming.use()
    return [bytes(piece) for piece in incoming.contents(bytearray(data), "bob")]


def _inputs(path: Path) -> object:
    return check_inputs(PROGRAM, {"alice": read_inputs(path), "bob": {"c": 1}})


def _columns(path: Path) -> object:
    return check_inputs(TABLE, {"alice": read_inputs(path)})


def _one_input(path: Path) -> object:
    return check_inputs(ONE, {"alice": {"a": read_input(path)}})


def _source(data: bytes, folder: Path) -> object:
    path = folder / "fuzzed.ez"
    path.write_bytes(data)
    return api.check_file(path)


def _formatted(path: Path) -> object:
    return api.format_file(path)


def _signed(path: Path) -> object:
    return signed_by(read_record(path))


def _translated(path: Path) -> object:
    text = translate(read_source(path))
    return api.check_text(api.format_text(text))


def _prepared(data: bytes, folder: Path) -> object:
    """Read a store's file as `ezlang prepare --list` and a run do."""
    store = Store(folder / "store", "alice", store_entries.KEY)
    store.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = store.folder / f"{1:032x}.material"
    path.write_bytes(data)
    return stored(folder / "store"), store.entries()


def _stored_file(folder: Path) -> bytes:
    """Return the file of a small entry."""
    store = Store(folder / "made", "alice", store_entries.KEY)
    entry = store_entries.entry(1, demands={BitTriple(): 8})
    store_entries.keep(store, entry)
    (path,) = store.folder.glob("*.material")
    return path.read_bytes()


def _held(channel: SocketChannel) -> object:
    held = nothing_held()
    held.hear(channel)
    return held.take(channel)


def _model(path: Path) -> object:
    from ezlang.models.folder import graph_of
    from ezlang.models.reading import read_model

    return graph_of(read_model(path, {}))


def _saved(save: Callable[..., None], *arrays: Any, **named: Any) -> bytes:
    file = io.BytesIO()
    save(file, *arrays, **named)
    return file.getvalue()


def _tables() -> tuple[bytes, bytes]:
    import pyarrow
    from pyarrow import feather, parquet

    table = pyarrow.table({"a": [1.5, 2.0, 3.0], "c": [1, 2, 3]})
    made = []
    for write in (feather.write_feather, parquet.write_table):
        sink = pyarrow.BufferOutputStream()
        write(table, sink)
        made.append(sink.getvalue().to_pybytes())
    return made[0], made[1]


def _models() -> list[bytes]:
    from onnx import TensorProto, helper, numpy_helper

    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 4]) for n in "xy")
    weights = numpy_helper.from_array(np.ones((4, 4), np.float32), "w")
    shape = numpy_helper.from_array(np.array([1, 4], np.int64), "s")
    nodes = [
        helper.make_node("Gemm", ["x", "w"], ["a"]),
        helper.make_node("ConstantOfShape", ["s"], ["b"]),
        helper.make_node("Add", ["a", "b"], ["c"]),
        helper.make_node("Reshape", ["c", "s"], ["d"]),
        helper.make_node("Relu", ["d"], ["y"]),
    ]
    graph = helper.make_graph(nodes, "g", [x], [y], [weights, shape])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    return [model.SerializeToString()]


def _card(folder: Path) -> tuple[bytes, bytes]:
    """Return a card and a parties.toml with it."""
    from ezlang.session.identity import Card, create_key

    certificate = create_key(folder / "key.pem", "bob")
    card = Card(name="bob", certificate=certificate, address="127.0.0.1:7766")
    parties = f'[party.bob]\n{card.fields()}plays = ["bob"]\n\n[approved]\n"{"0" * 64}" = "x.ez"\n'
    return card.text().encode(), parties.encode()


REQUEST = Request(
    party=1,
    program="0" * 64,
    tag="0" * 32,
    demands={MatrixTriple(bits=64, rows=2, inner=3, columns=4): 2, RingTriple(bits=8): 100},
)
FIGURES = Measured(**{field.name: 1.0 for field in fields(Measured)})
STANDING = agreement.Standing(hosts=("",), session="0" * 32, tags={0: "1" * 32})
RECORDS = b"".join((head(0, 4, crc32(b"abcd")), b"abcd", head(24, 0), head(44, 0, rests=True)))
PROFILE = b"name = 'wan'\nrtt = 0.04\nbandwidth = 12.5e6\nands = 1e7\n"
RECORD: dict[str, Any] = {
    "format": FORMAT,
    "party": "alice",
    "parties": {"alice": {"commitment": "0" * 64}, "bob": {"commitment": "1" * 64}},
    "program": {},
    "bytes_sent": {},
    "bytes_received": {},
    "ezlang": "1",
    "session": "0" * 32,
    "released": [],
    "outputs": {},
    "ended": "2026-01-02T03:04:05+00:00",
}
EXAMPLES = [path.read_bytes() for path in sorted((ROOT / "examples").glob("*/main.ez"))]
EZPC = [path.read_bytes() for path in sorted((ROOT / "tests" / "ezpc").glob("programs/*.ezpc"))]
JSON = b'{"a": [1.5, 2, -3.25], "b": [{"x": 1, "seen": true}, {"x": -2, "seen": false}]}'
CSV = b"a,c\n1.5,1\n2,2\n-3.25,3\n"


def targets(folder: Path) -> dict[str, Target]:
    """Return the table; the folder is for the files that examples need."""
    arrow, parquet = _tables()
    card, parties = _card(folder)
    array, counts = np.array([1.5, 2, 3]), np.array([1, 2, 3], np.uint8)
    peers = {
        "hello of a caller": Target(from_peer(lambda c: answer(c, HELLO)), [_hello(1)]),
        "hello of who listens": Target(from_peer(lambda c: introduce(c, HELLO)), [_hello(1)]),
        "request to a dealer": Target(from_peer(read_request), [REQUEST.encode()]),
        "answer of a dealer": Target(from_peer(read_answer), [Answer(seed=bytes(16)).encode()]),
        "standing": Target(
            from_peer(lambda c: agreement.exchange(c, STANDING)), [STANDING.encode()]
        ),
        "records": Target(_records, [RECORDS]),
        "what is prepared": Target(from_peer(_held), [_offer()]),
        "figures of calibrate": Target(
            lambda data, _: FIGURES.slower(np.frombuffer(data[: len(data) // 8 * 8], np.float64)),
            [np.ones(9).tobytes()],
        ),
    }
    files = {
        "JSON inputs": Target(from_file(".json", _inputs), [JSON]),
        "JSON of one input": Target(from_file(".json", _one_input), [b"[1, 2.5, 3]"]),
        "CSV by columns": Target(from_file(".csv", _columns), [CSV]),
        "CSV by rows": Target(from_file(".csv", _one_input), [b"1,2,3\n", b"1\n2\n3\n"]),
        "NPY": Target(from_file(".npy", _one_input), [_saved(np.save, array)]),
        "NPZ": Target(
            from_file(".npz", _columns),
            [_saved(np.savez, a=array, c=counts)],
        ),
        "Arrow": Target(from_file(".arrow", _columns), [arrow]),
        "Parquet": Target(from_file(".parquet", _columns), [parquet]),
        "parties.toml": Target(from_file(".toml", load_parties), [parties]),
        "card": Target(from_file(".toml", read_card), [card]),
        "record of a run": Target(from_file(".json", _signed), [_signed_record(folder)]),
        "state of a validation": Target(from_file(".json", load_state), [_state(folder)]),
        "profile": Target(from_file(".toml", lambda p: profiles.profile_of(str(p))), [PROFILE]),
        "program": Target(_source, EXAMPLES, slow=True),
        "program to format": Target(from_file(".ez", _formatted), EXAMPLES, slow=True),
        "prepared runs": Target(_prepared, [_stored_file(folder)]),
        "EzPC program": Target(from_file(".ezpc", _translated), EZPC, slow=True),
        "ONNX model": Target(from_file(".onnx", _model), _models(), slow=True),
    }
    return peers | files


def _offer() -> bytes:
    """Return what a party with an entry says that it holds."""
    ours, theirs = socket.socketpair()
    channel = SocketChannel(ours, PATIENCE)
    try:
        held = Holdings(
            store=None, held=(f"{1:032x}",), required=False, names=NAMES, say=lambda text: None
        )
        held.offer(channel)
        return theirs.recv(1 << 16) + store_agreement._FORM.pack({"used": []})
    finally:
        channel.close()
        theirs.close()


def _signed_record(folder: Path) -> bytes:
    """Return a record that is signed with the key of the card."""
    value, certificate = signed(folder / "key.pem", canonical(RECORD))
    signature = {"ecdsa-p256-sha256": value, "certificate": certificate}
    return json.dumps(RECORD | {"signature": signature}).encode()


def _state(folder: Path) -> bytes:
    path = folder / "state.json"
    done = Batch(
        tag="0" * 32,
        part="AAAAAAAAAAA=",
        seconds=1.5,
        bytes_sent=10,
        bytes_received=20,
        rounds=3,
        ands=4,
    )
    state = State(
        program="0" * 64,
        party=0,
        session="1" * 32,
        nonce="2" * 64,
        commitments=["0" * 64, "1" * 64],
        began="2026-01-02T03:04:05+00:00",
        batches={0: done},
    )
    state.save(path)
    return path.read_bytes()


def _hello(party: int) -> bytes:
    return Hello(
        party=party, names=NAMES, fingerprint="0" * 64, params={"n": 30, "fast": True}
    ).encode()
