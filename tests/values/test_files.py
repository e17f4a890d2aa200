from pathlib import Path

import numpy as np
import pytest

from ezlang.diagnostics.diagnostic import EzError
from ezlang.values.files import read_input, read_inputs


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def message(path: Path, *, several: bool = True) -> str:
    with pytest.raises(EzError) as caught:
        (read_inputs if several else read_input)(path)
    assert caught.value.exit_code == 2
    (diagnostic,) = caught.value.diagnostics
    return f"{diagnostic.code} {diagnostic.message}".replace(str(path), "FILE")


def test_json(tmp_path: Path) -> None:
    path = written(tmp_path, "a.json", '\ufeff{"a": [1, -2], "p": {"x": true}}')
    assert read_inputs(path) == {"a": [1, -2], "p": {"x": True}}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{\n"a": 1,\n"b" 2}', "EZ4102 FILE is not valid JSON: expecting ':' delimiter, line 3"),
        ("", "EZ4102 FILE is not valid JSON: expecting value, line 1"),
        (
            '{"a": 1, "a": 2}',
            'EZ4102 FILE cannot be used as input: the name "a" occurs twice',
        ),
        (
            '{"a": NaN}',
            "EZ4102 FILE cannot be used as input: NaN is not a valid number",
        ),
        ("[1, 2]", "EZ4102 FILE is not a JSON object of inputs by name"),
        ('{"a":' + "[" * 200_000, "EZ4102 FILE is nested too deeply"),
        ('{"a":' + "9" * 10_000 + "}", "EZ4102 FILE has a number with thousands of digits"),
        (b'{"a":\n\xff\xfe}', "EZ4102 FILE is not UTF-8 text: line 2 has invalid bytes"),
        (bytes(range(256)), "EZ4102 FILE is not UTF-8 text"),
    ],
)
def test_json_that_cannot_be_read(tmp_path: Path, content: str | bytes, expected: str) -> None:
    assert message(written(tmp_path, "a.json", content)).startswith(expected)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    assert message(tmp_path / "none.json") == "EZ4101 There is no input file FILE"
    assert message(tmp_path).startswith("EZ4101 The input file FILE cannot be read:")


def test_numpy(tmp_path: Path) -> None:
    rows = np.array([[1, 2], [3, 4]], dtype=np.uint8)
    np.save(tmp_path / "a.npy", rows)
    np.testing.assert_array_equal(read_input(tmp_path / "a.npy"), rows)
    np.savez(tmp_path / "a.npz", a=rows, flag=np.array(True))
    named = read_inputs(tmp_path / "a.npz")
    assert named.keys() == {"a", "flag"}
    np.testing.assert_array_equal(named["a"], rows)
    assert named["flag"] == np.True_


def test_numpy_that_cannot_be_read(tmp_path: Path) -> None:
    for name in ("a.npy", "a.npz"):
        path = written(tmp_path, name, b"no such thing")
        assert message(path, several=name == "a.npz").startswith(
            "EZ4102 FILE cannot be read as a NumPy file"
        )
    np.save(tmp_path / "object.npy", np.array([{}], dtype=object), allow_pickle=True)
    assert message(tmp_path / "object.npy", several=False).startswith("EZ4102")


def test_one_array_needs_a_name_and_several_need_none(tmp_path: Path) -> None:
    assert message(written(tmp_path, "a.csv", "1,2")).startswith("EZ4106 FILE holds one array")
    assert message(tmp_path / "a.npz", several=False).startswith("EZ4106 FILE holds several")
