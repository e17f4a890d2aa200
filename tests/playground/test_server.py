"""The server of the playground, as a process that is asked over a socket."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from threading import Thread

import pytest

from ezlang.playground.examples import examples
from ezlang.syntax.tables import load_tables
from tests.playground.conftest import Answer, Server, started
from tests.support.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
MILLIONAIRES = {
    "main.ez": """\
party alice, bob;
fn main() {
    secret int32 a = input(alice, "wealth");
    secret int32 b = input(bob, "wealth");
    output(all, a > b, "alice is richer");
}
""",
    "alice.json": '{"wealth": 5}',
    "bob.json": '{"wealth": 3}',
}
ENDLESS = {"main.ez": "party a, b;\nfn main() {\n    while (true) {\n    }\n}\n"}


def test_a_program_is_diagnosed_with_its_parties(server: Server) -> None:
    told = server.do("diagnose", MILLIONAIRES).json
    wealth = [{"name": "wealth", "type": "int32"}]
    assert json.loads(told["out"]) == {
        "diagnostics": [],
        "parties": [{"name": "alice", "inputs": wealth}, {"name": "bob", "inputs": wealth}],
    }
    wrong = MILLIONAIRES["main.ez"].replace("a > b", "a > c")
    found = json.loads(server.do("diagnose", {"main.ez": wrong}).json["out"])
    assert [one["span"]["line"] for one in found["diagnostics"]] == [5]
    assert found["parties"] is None


def test_commands_print_what_the_command_line_prints(server: Server) -> None:
    checked = server.do("check", MILLIONAIRES).json
    assert (checked["command"], checked["code"]) == ("ezlang check main.ez", 0)
    assert "main.ez has no errors" in checked["err"]
    assert "alice is richer" in server.do("leaks", MILLIONAIRES).json["out"]
    assert "rounds      3" in server.do("cost", MILLIONAIRES).json["out"]


def test_a_program_runs_on_the_parties_inputs(server: Server) -> None:
    told = server.do("run", MILLIONAIRES).json
    ran = json.loads(told["out"])
    assert ran["outputs"] == {name: {"alice is richer": True} for name in ("alice", "bob")}
    assert ran["cost"]["rounds"] == 3
    poor = MILLIONAIRES | {"alice.json": '{"wealth": 1}'}
    assert json.loads(server.do("run", poor).json["out"])["outputs"]["bob"] == {
        "alice is richer": False
    }
    missing = server.do("run", {"main.ez": MILLIONAIRES["main.ez"]}).json
    assert missing["code"] == 2
    assert "wealth" in missing["err"]


def test_a_trace_is_a_page_that_reaches_nothing(server: Server) -> None:
    path = server.do("trace", MILLIONAIRES).json["trace"]
    page = server.request("GET", path)
    assert page.status == 200
    assert b"alice is richer" in page.body
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-scripts" in policy
    assert "connect-src" not in policy
    assert server.request("GET", path + "x").status == 404


def test_a_module_may_be_imported_and_no_other_file(server: Server) -> None:
    files = {"main.ez": "import other;\n" + MILLIONAIRES["main.ez"], "other.ez": ""}
    assert server.do("check", files).json["code"] == 0
    del files["other.ez"]
    assert server.do("check", files).json["code"] == 1


def refused(answer: Answer, status: int) -> None:
    assert answer.status == status
    assert answer.json["refused"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_other_hosts_are_refused(server: Server, host: str) -> None:
    refused(server.request("GET", "/", headers={"Host": host}), 403)
    refused(server.do("check", MILLIONAIRES, Host=host, Origin=f"http://{host}"), 403)


def test_other_pages_are_refused(server: Server) -> None:
    for origin in ("http://evil.example", "null", "", f"http://localhost:{server.port}"):
        refused(server.do("check", MILLIONAIRES, Origin=origin), 403)
    refused(server.do("check", MILLIONAIRES, **{"Content-Type": "text/plain"}), 415)
    local = f"localhost:{server.port}"
    told = server.do("check", MILLIONAIRES, Host=local, Origin=f"http://{local}")
    assert told.json["code"] == 0


def test_requests_that_are_no_program_are_refused(server: Server) -> None:
    refused(server.do("native", MILLIONAIRES), 400)
    refused(server.do("run", {}), 400)
    refused(server.do("run", MILLIONAIRES | {"../main.ez": ""}), 400)
    refused(server.do("run", MILLIONAIRES | {"a/b.json": ""}), 400)
    refused(server.do("run", {"main.ez": 1}), 400)
    own = {"Content-Type": "application/json", "Origin": server.url.removesuffix("/")}
    refused(server.request("POST", "/do", b"{", own), 400)
    refused(server.request("POST", "/do", b"[]", own), 400)
    refused(server.request("POST", "/other", b"{}", own), 404)
    for path in ("/../server.py", "/page.html", "/%2e%2e/server.py", "//etc/passwd"):
        refused(server.request("GET", path), 404)


def test_a_large_request_is_refused_before_it_is_read(server: Server) -> None:
    own = {"Content-Type": "application/json", "Origin": server.url.removesuffix("/")}
    refused(server.request("POST", "/do", b"", own | {"Content-Length": "1000001"}), 413)
    refused(server.request("POST", "/do", b"", own | {"Content-Length": "9" * 5000}), 413)
    refused(server.request("POST", "/do", b"", own | {"Content-Length": "-1"}), 411)


def test_it_listens_on_the_loopback_interface_alone(server: Server) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.2", server.port))  # another address of this machine is not taken


def test_limits_end_a_program() -> None:
    one = started("--seconds", "2")
    try:
        leave(one, ENDLESS)
        told = one.do("run", ENDLESS).json
        assert told["limit"] == "It was ended: it took longer than 2 seconds."
        assert told["code"] != 0
        assert one.do("diagnose", {"main.ez": "party a, b;\nfn main() {\n}\n"}).json["code"] == 0
    finally:
        assert one.stop() == 0
    assert one.process.stderr is not None
    assert one.process.stderr.read() == "The playground was stopped.\n"


def leave(one: Server, files: dict[str, str]) -> None:
    """Ask as the page does, and hang up before the answer."""
    body = json.dumps({"action": "run", "files": files}).encode()
    local = f"127.0.0.1:{one.port}"
    head = f"POST /do HTTP/1.1\r\nHost: {local}\r\nOrigin: http://{local}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", one.port)) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(head.encode() + body)
        time.sleep(0.5)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_cpu_time_is_limited_by_the_system(tmp_path: Path) -> None:
    (tmp_path / "main.ez").write_text(ENDLESS["main.ez"])
    bounded = [sys.executable, "-m", "ezlang.playground.limits", "1", "4000"]
    command = [*bounded, "ezlang.__main__", "run", "main.ez"]
    done = subprocess.run(command, cwd=tmp_path, input=b"\n", capture_output=True, check=False)
    assert done.returncode == -signal.SIGXCPU
    done = subprocess.run(command, cwd=tmp_path, input=b"", capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b""), "without a line, nothing is run"


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of memory is tried on Linux")
def test_a_limit_of_memory_is_told() -> None:
    large = """\
party a, b;
fn main() {
    public int64[200_000_000] x;
    output(b, x[0], "y");
}
"""
    one = started("--memory", "1500")
    try:
        told = one.do("run", {"main.ez": large}).json
        assert told["code"] == 3
        assert "There is not enough memory for this." in told["err"]
    finally:
        one.stop()


def test_ctrl_c_ends_it_and_what_it_runs() -> None:
    one = started("--seconds", "3600")
    one.do("diagnose", MILLIONAIRES)  # afterwards, a process waits for the next

    def ask() -> None:
        with suppress(OSError, HTTPException):  # the answer never comes
            one.do("run", ENDLESS)

    Thread(target=ask, daemon=True).start()
    children: list[str] = []
    begun = time.monotonic()
    while len(children) < 2 and time.monotonic() < begun + PATIENCE:
        time.sleep(0.05)
        children = children_of(one.process.pid)
    assert len(children) == 2
    assert one.stop() == 0
    assert all(not alive(pid) for pid in children)
    assert one.process.stderr is not None
    assert one.process.stderr.read() == "The playground was stopped.\n"


def children_of(pid: int) -> list[str]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [child for task in tasks for child in task.read_text().split()]


def alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    return True


def test_a_port_that_is_taken_is_told(server: Server) -> None:
    command = [sys.executable, "-m", "ezlang", "playground", "--port", str(server.port)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--port 0" in done.stderr


def test_the_page_gets_the_words_of_the_language_and_all_examples(server: Server) -> None:
    told = server.request("GET", "/start.json").json
    assert set(told["words"]) | set(told["types"]) == set(load_tables().words) | set(told["types"])
    assert "fn" in told["words"]
    mains = {path.parent.name for path in (ROOT / "examples").glob("*/main.ez")}
    assert set(told["examples"]) == mains == set(examples())
    assert next(iter(told["examples"])) == "millionaires"
    assert "aes.ez" in told["examples"]["aes-128"]
    assert "expected.json" not in told["examples"]["millionaires"]


def test_every_file_of_the_page_is_served(server: Server) -> None:
    folder = ROOT / "ezlang" / "playground" / "page"
    for path in folder.iterdir():
        answer = server.request("GET", "/" if path.name == "page.html" else f"/{path.name}")
        assert (answer.status, answer.body) == (200, path.read_bytes())
        assert "://" not in path.read_text("utf-8"), "it loads nothing from elsewhere"
