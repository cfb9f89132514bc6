"""The real processes: they come back when killed, and none is left however `serve` ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from django.conf import settings

from leads_infinitos.portal.demo.stage import ROOT, Stage, free_ports, stage

pytestmark = pytest.mark.e2e

STOPS_WITHIN_S = 15.0
BACK_WITHIN_S = 40.0


@pytest.fixture(scope="module")
def running() -> Iterator[Stage]:
    """One for the tests after which it still runs."""
    with stage() as installation:
        yield installation


@pytest.fixture
def doomed() -> Iterator[Stage]:
    """One for a test that ends it."""
    with stage() as installation:
        yield installation


def descendants(pid: int) -> set[int]:
    """Every process below `pid`, read from the kernel."""
    found: set[int] = set()
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, children.read_text().split()):
            found |= {child} | descendants(child)
    return found


def alive(pids: set[int]) -> set[int]:
    """Those that still run; one that merely waits for its parent to notice its death does not."""
    living = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            continue
        if state not in "ZX":
            living.add(pid)
    return living


def web_worker(running: Stage) -> int:
    """A process that answers requests: a child of gunicorn's arbiter."""
    children = descendants(running.programs()["web"])
    return min(children) if children else 0


def test_a_killed_web_process_comes_back_with_worker_and_beat(running: Stage) -> None:
    killed = web_worker(running)

    os.kill(killed, signal.SIGKILL)

    running.wait("another web process", lambda: web_worker(running) not in (0, killed), timeout_s=BACK_WITHIN_S)
    running.wait("readiness", running.is_ready, timeout_s=BACK_WITHIN_S)
    assert httpx2.get(f"{running.url}/login", trust_env=False).status_code == 200


def test_every_program_that_dies_is_started_again(running: Stage) -> None:
    before = running.programs()

    for pid in before.values():
        os.kill(pid, signal.SIGKILL)

    running.wait(
        "every program", lambda: not set(before.values()) & set(running.programs().values()), timeout_s=BACK_WITHIN_S
    )
    running.wait("readiness", running.is_ready, timeout_s=BACK_WITHIN_S)
    assert set(running.programs()) == set(before)


def test_the_programs_are_those_of_the_form_that_the_environment_names(running: Stage) -> None:
    expected = {"sandbox", "web"} | ({"worker", "sender", "beat"} if settings.REDIS_URL else set())

    assert set(running.programs()) == expected


def test_a_signal_ends_everything_in_time_whatever_is_in_flight(doomed: Stage) -> None:
    everyone = descendants(doomed.process.pid)
    address = urlsplit(doomed.url)
    with socket.create_connection((str(address.hostname), int(address.port or 0))) as unfinished:
        unfinished.sendall(b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n")
        started = time.monotonic()

        doomed.process.send_signal(signal.SIGTERM)

        assert doomed.process.wait(STOPS_WITHIN_S) == 0
    assert time.monotonic() - started < STOPS_WITHIN_S
    assert len(everyone) >= 3
    assert not alive(everyone)
    assert not (doomed.folder / "serve.json").exists()


def test_a_killed_supervisor_leaves_nobody(doomed: Stage) -> None:
    everyone = descendants(doomed.process.pid)

    doomed.process.kill()
    doomed.process.wait()

    deadline = time.monotonic() + STOPS_WITHIN_S
    while alive(everyone):
        assert time.monotonic() < deadline, alive(everyone)


def test_a_second_product_on_the_same_data_is_refused_in_one_sentence(running: Stage) -> None:
    done = serve_in_vain(running.environment, free_ports(1)[0])

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"CommandError: O produto já está rodando com os dados de {running.folder}."


def test_a_taken_port_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        done = serve_in_vain({**os.environ, "VAR_DIR": str(tmp_path)}, port)

    assert done.returncode == 1
    assert (
        done.stderr.splitlines()[-1]
        == f"CommandError: A porta {port}, que o portal usaria, está ocupada: escolha outra com --port."
    )


def serve_in_vain(environment: Mapping[str, str], port: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "serve", "--port", str(port)]
    return subprocess.run(
        command, cwd=ROOT, env=dict(environment), capture_output=True, text=True, check=False, timeout=STOPS_WITHIN_S
    )
