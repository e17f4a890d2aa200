"""The folder of a store: entries are used once, whatever happens meanwhile."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from ezlang.compiler.protocols.core.preprocessing import RingTriple
from ezlang.compiler.protocols.dealt.demands import CorrelatedOt, Kind, LabelOt, in_order
from ezlang.compiler.protocols.dealt.expansion import parts_of
from ezlang.compiler.protocols.native.making import DELTAS
from ezlang.diagnostics.diagnostic import CompilerBug, EzError
from ezlang.store import folder
from ezlang.store.folder import Store, forget, stored
from ezlang.store.units import packed, stored_bytes
from tests.store.entries import DEMANDS, KEY, contents, entry, keep, store_with


def names(store: Store) -> list[str]:
    return sorted(path.name for path in store.folder.iterdir())


def refused(code: str, exit_code: int, call: Callable[[], object]) -> str:
    with pytest.raises(EzError) as caught:
        call()
    assert caught.value.exit_code == exit_code
    (found,) = caught.value.diagnostics
    assert found.code == code
    return found.message


def test_an_entry_is_used_once(tmp_path: Path) -> None:
    store = store_with(tmp_path, 1, 2)
    assert store.entries() == [entry(1), entry(2)]
    units = store.claim(entry(1).id)
    assert units is not None
    assert names(store) == [f"{entry(1).id}.used", f"{entry(2).id}.material"]
    assert units.take(CorrelatedOt(sender=0), 300)["q"].shape == (300, 2)
    units.close()
    assert store.claim(entry(1).id) is None
    assert store.entries() == [entry(2)]
    assert store.used() == {entry(1).id}
    assert Store(tmp_path, "alice", KEY).claim(entry(1).id) is None


def test_the_mark_is_on_the_disk_before_the_material_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_with(tmp_path, 1)
    seen = []

    def sync(path: Path) -> None:
        seen.append(names(store))

    monkeypatch.setattr(folder, "sync_folder", sync)
    units = store.claim(entry(1).id)
    assert units is not None
    units.close()
    material, used = f"{entry(1).id}.material", f"{entry(1).id}.used"
    assert seen == [[material, used], [used]]


def test_a_crash_after_the_mark_loses_the_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_with(tmp_path, 1)

    def crash(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(folder, "sync_folder", crash)
        with pytest.raises(KeyboardInterrupt):
            store.claim(entry(1).id)
    assert len(names(store)) == 2
    assert Store(tmp_path, "alice", KEY).entries() == []
    assert names(store) == [f"{entry(1).id}.used"]


def test_a_copy_that_comes_back_is_not_used(tmp_path: Path) -> None:
    store = store_with(tmp_path, 1)
    path = store.folder / f"{entry(1).id}.material"
    shutil.copy(path, tmp_path / "backup")
    assert store.claim(entry(1).id) is not None
    shutil.copy(tmp_path / "backup", path)
    assert store.claim(entry(1).id) is None
    shutil.copy(tmp_path / "backup", path)
    assert store.entries() == []
    assert not path.exists()


def test_of_many_runs_one_gets_it(tmp_path: Path) -> None:
    store = store_with(tmp_path, *range(8))
    with ThreadPoolExecutor(4) as threads:
        for number in range(8):
            found = list(threads.map(store.claim, [entry(number).id] * 4))
            assert sum(one is not None for one in found) == 1


def test_what_is_not_finished_is_not_there(tmp_path: Path) -> None:
    store = Store(tmp_path, "alice", KEY)

    def write() -> None:
        with store.writing(entry(1)) as writer:
            writer.write(bytes(DELTAS))
            raise CompilerBug("the other party is gone")

    with pytest.raises(CompilerBug):
        write()
    assert names(store) == []
    left = store.folder / ".new-abc"
    left.write_bytes(b"of a process that was killed")
    os.utime(left, (0, 0))
    keep(store, entry(2))
    assert names(store) == [f"{entry(2).id}.material"]


def test_files_are_for_their_user_alone(tmp_path: Path) -> None:
    store = store_with(tmp_path, 1)
    path = store.folder / f"{entry(1).id}.material"
    assert path.stat().st_mode & 0o777 == 0o600
    assert store.folder.stat().st_mode & 0o777 == 0o700
    store.folder.chmod(0o750)
    assert "may be read or changed by others" in refused("EZ5061", 2, store.entries)


def test_damage_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    store = store_with(tmp_path, 1)
    path = store.folder / f"{entry(1).id}.material"
    content = path.read_bytes()
    for changed, why in (
        (content[:20] + b"\0" + content[21:], "changed, or sealed with another key"),
        (content.replace(b"main.ez", b"Main.ez"), "changed, or sealed with another key"),
        (content[:-1], "another length"),
        (content.replace(b'"party": 0', b'"party": 2'), "header is not one of ezlang"),
        (content.replace(b'"bit triple": 1000', b'"bit triple": 9999'), "another length"),
        (b"", "does not begin like one"),
    ):
        path.write_bytes(changed)
        assert why in (said := refused("EZ5062", 3, store.entries))
        assert str(path) in said
    path.write_bytes(content)
    other = path.with_name(f"{entry(2).id}.material")
    path.rename(other)
    assert "another name" in refused("EZ5062", 3, store.entries)
    assert forget(tmp_path, [entry(2).id[:31]]) == [entry(2).id]
    assert store.entries() == []


def test_damage_further_on_ends_the_run(tmp_path: Path) -> None:
    store = store_with(tmp_path, 1)
    path = store.folder / f"{entry(1).id}.material"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    units = store.claim(store.entries()[0].id)
    assert units is not None
    kind = RingTriple(bits=64)
    units.take(kind, 10)
    refused("EZ5062", 3, lambda: units.take(kind, 69_990))


def test_other_keys_are_other_stores(tmp_path: Path) -> None:
    store_with(tmp_path, 1)
    assert Store(tmp_path, "alice", bytes(32)).entries() == []
    (found,) = stored(tmp_path)
    assert found.entry == entry(1)
    assert found.size > stored_bytes(DEMANDS, 0)


def test_forgetting(tmp_path: Path) -> None:
    store = store_with(tmp_path, 1, 2, 3)
    assert "has the id f" in refused("EZ5061", 2, lambda: forget(tmp_path, ["f"]))
    assert forget(tmp_path, [entry(2).id]) == [entry(2).id]
    assert store.entries() == [entry(1), entry(3)]
    assert store.claim(entry(2).id) is None
    assert len(forget(tmp_path, ["all"])) == 2
    assert store.used() == {entry(n).id for n in (1, 2, 3)}


def test_the_disk_must_have_room(tmp_path: Path) -> None:
    store = Store(tmp_path / "not" / "there", "alice", KEY)
    store.require_room(1)
    assert "no room" in refused("EZ5061", 2, lambda: store.require_room(1 << 60))


@pytest.mark.parametrize("party", [0, 1])
def test_units_come_in_order_in_parts_of_any_size(tmp_path: Path, party: int) -> None:
    store = store_with(tmp_path, 1, party=party)
    size = (store.folder / f"{entry(1).id}.material").stat().st_size
    head = 28 + len(entry(1, party).encode())
    assert size == head + stored_bytes(DEMANDS, party)
    units = store.claim(entry(1).id)
    assert units is not None
    made: dict[Kind, list[bytes]] = {}
    for (kind, _), part in zip(parts_of(DEMANDS), contents(DEMANDS, party), strict=True):
        made.setdefault(kind, []).append(part)
    # Kinds are taken in turns, across the borders of parts.
    found: dict[Kind, dict[str, list[bytes]]] = {kind: {} for kind in DEMANDS}
    left = dict(DEMANDS)
    random = np.random.default_rng(7)
    while any(left.values()):
        for kind, _ in in_order(left):
            count = min(int(random.integers(1, 40_000)), left[kind])
            left[kind] -= count
            for name, values in units.take(kind, count).items():
                assert len(values) == count
                found[kind].setdefault(name, []).append(values.tobytes())
    for kind, fields in found.items():
        at = dict.fromkeys(fields, 0)
        whole = {name: b"".join(parts) for name, parts in fields.items()}
        for part in made[kind]:
            all_parts = sum(map(len, made[kind]))
            share = {name: len(one) * len(part) // all_parts for name, one in whole.items()}
            again = b"".join(whole[name][at[name] : at[name] + share[name]] for name in whole)
            assert again == part
            at = {name: at[name] + share[name] for name in whole}
    with pytest.raises(CompilerBug):
        units.take(CorrelatedOt(sender=0), 1)
    assert not units.take(LabelOt(), 0)["q" if party == 0 else "t"].size
    units.close()


def test_packing_is_in_the_order_of_the_layout() -> None:
    t, r = np.arange(4, dtype=np.uint64).reshape(2, 2), np.array([1, 0], np.uint8)
    found = packed(CorrelatedOt(sender=0), 1, {"t": t, "r": r})
    assert found == b"\1\0" + t.tobytes()


def test_deltas_are_apart(tmp_path: Path) -> None:
    units = store_with(tmp_path, 1).claim(entry(1).id)
    assert units is not None
    assert units.delta(CorrelatedOt(sender=0)).tobytes() == bytes(range(16))
    assert units.delta(LabelOt()).tobytes() == bytes(range(16, 32))
    units.close()
