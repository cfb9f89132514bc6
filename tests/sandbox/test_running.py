from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from leads_infinitos.sandbox import server
from leads_infinitos.sandbox.client import SandboxClient, SandboxError
from leads_infinitos.sandbox.running import running_sandbox, sandbox_process
from tests.sandbox.wire import MARIA, Mega, call

ROOT = Path(__file__).parents[2]


def test_the_log_file_is_continued_after_a_restart_and_a_torn_line_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "accepted.jsonl"
    with running_sandbox(accept_log=path) as sandbox:
        Mega(sandbox.add_instance("loja")).text("um")
        assert json.loads(path.read_text())["text"] == "um", "the file is not behind"
    with path.open("ab") as file:
        file.write(b'{"n": 2, "wall": 1')
    with running_sandbox(accept_log=path) as sandbox:
        Mega(sandbox.add_instance("loja")).text("dois")
        assert [(line.n, line.text) for line in sandbox.accepted()] == [(1, "um"), (2, "dois")]
    assert [json.loads(line)["n"] for line in path.read_text().splitlines()] == [1, 2]


def test_reset_puts_everything_back(tmp_path: Path) -> None:
    path = tmp_path / "accepted.jsonl"
    with running_sandbox(accept_log=path) as sandbox:
        mega = Mega(sandbox.add_instance("loja"))
        mega.text()
        sandbox.set_faults(fault="bad_gateway")
        sandbox.reset()
        state = sandbox.state()
        assert (state["accepted"], state["mails"], path.read_bytes()) == (0, 0, b"")
        assert [one["key"] for one in state["providers"]["mega"]["instances"]] == [
            f"megasandbox-{n}" for n in range(1, 6)
        ]
        Mega(sandbox.add_instance("megasandbox-1")).text()
        assert [line.n for line in sandbox.accepted()] == [1]


def test_the_state_tells_the_servers_own_cpu_time(sandbox: SandboxClient, mega: Mega) -> None:
    before = sandbox.state()["loop_cpu_s"]
    for _ in range(50):
        mega.text()
    after = sandbox.state()
    assert 0 < after["loop_cpu_s"] - before < 1
    assert after["cpu_s"] >= after["loop_cpu_s"]
    assert after["pid"] == os.getpid()


def test_waiting_for_accepted_messages_ends_at_its_deadline(sandbox: SandboxClient, mega: Mega) -> None:
    threading.Timer(0.05, mega.text).start()
    assert len(sandbox.wait_for_accepted(1)) == 1
    with pytest.raises(TimeoutError):
        sandbox.wait_for_accepted(2, timeout_s=0.05)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/instances", {"key": "com espaço"}),
        ("/instances", {"key": "x", "status": "ligado"}),
        ("/instances", {"key": "x", "phone": "+55 11"}),
        ("/instances", {"key": "x", "token": "dois pedaços"}),
        ("/instances", {"key": "x", "acks": [9]}),
        ("/faults", {"fault": "nada"}),
        ("/faults", {"fault": "bad_gateway", "calls": ["x"]}),
        ("/faults", {"latency_ms": -1}),
        ("/faults", {"instance": "nenhuma"}),
        ("/incoming", {"instance": "nenhuma", "from": MARIA, "text": "x"}),
        ("/mails/faults", {"refuse": "talvez"}),
        ("/hotmart", {"url": "file:///etc/passwd"}),
        ("/hotmart", {"repeat": 7}),
    ],
)
def test_a_field_that_cannot_be_used_is_a_400(sandbox: SandboxClient, path: str, body: dict[str, object]) -> None:
    with pytest.raises(SandboxError, match="400"):
        sandbox.post(path, body)


def test_the_control_surface_is_under_no_providers_prefix(sandbox: SandboxClient) -> None:
    reply = call("GET", f"{sandbox.mega_url}/__sandbox__/state")
    assert reply.status == 404


def test_a_process_of_its_own_serves_and_leaves_its_log(tmp_path: Path) -> None:
    path = tmp_path / "accepted.jsonl"
    with sandbox_process(accept_log=path) as sandbox:
        state = sandbox.state()
        assert state["pid"] != os.getpid()
        Mega(sandbox.add_instance("megasandbox-1")).text("olá")
        os.kill(state["pid"], signal.SIGKILL)
    assert json.loads(path.read_text())["text"] == "olá"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_in_two_seconds_whatever_hangs(tmp_path: Path, number: signal.Signals) -> None:
    ready_file = tmp_path / "ready.json"
    arguments = f"-m leads_infinitos.sandbox --port 0 --smtp-port 0 --ready-file {ready_file}".split()
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()  # printed once listening
    ready = json.loads(ready_file.read_text())
    assert ready["pid"] == process.pid
    sandbox = SandboxClient(f"http://127.0.0.1:{ready['port']}", smtp_port=ready["smtp_port"])
    mega = Mega(sandbox.add_instance("megasandbox-1"))
    with pytest.raises(TimeoutError):
        mega.text(to="5511989990408", timeout_s=0.1)  # hangs in the server
    with (
        socket.create_connection(("127.0.0.1", ready["smtp_port"])) as mail,
        socket.create_connection(("127.0.0.1", ready["port"])),  # says nothing
    ):
        assert mail.recv(3) == b"220"
        asked = time.monotonic()
        process.send_signal(number)
        _, errors = process.communicate(timeout=10)
        assert time.monotonic() - asked < 2
    assert process.returncode == 0
    assert errors == b""


def test_it_waits_for_nothing_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "STOP_S", 60.0)
    with running_sandbox() as sandbox:
        mega = Mega(sandbox.add_instance("megasandbox-1"))
        with pytest.raises(TimeoutError):
            mega.text(to="5511989990408", timeout_s=0.1)
        mail = socket.create_connection(("127.0.0.1", sandbox.smtp_port), timeout=10)
        assert mail.recv(1024).startswith(b"220")
    with mail:
        assert mail.recv(1024) == b"", "hung up"


def test_a_taken_port_is_said_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "leads_infinitos.sandbox", "--port", port, "--smtp-port", "0"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=20,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("The sandbox cannot start: ")
    assert done.stderr.count("\n") == 1
