from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from leads_infinitos import supervisor
from leads_infinitos.supervisor import Program, Supervisor

WAITS = "import signal; signal.pause()"
IGNORES_TERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('x', flush=True); signal.pause()"
GIVE_UP_S = 20.0


def program(name: str, code: str, *, stops_last: bool = False) -> Program:
    return Program(name, [sys.executable, "-c", code], stops_last=stops_last)


class Watcher:
    """Stops the supervisor with a real signal once `done` says so, and fails when that takes too long."""

    def __init__(self, programs: list[Program], ends_with: signal.Signals = signal.SIGTERM) -> None:
        self._ends_with = ends_with
        self.starts: list[dict[str, int]] = []
        self._deadline = time.monotonic() + GIVE_UP_S
        self.supervisor = Supervisor(programs, os.environ, on_change=self.starts.append, on_tick=self._tick)

    def done(self) -> bool:
        return bool(self.starts)

    def _tick(self) -> None:
        if self.done() or time.monotonic() > self._deadline:
            os.kill(os.getpid(), self._ends_with)

    def run(self) -> None:
        self.supervisor.run()
        assert time.monotonic() < self._deadline, "the supervisor had to be stopped"


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_every_program(number: signal.Signals) -> None:
    watcher = Watcher([program("one", WAITS), program("two", WAITS)], ends_with=number)

    watcher.run()

    assert set(watcher.starts[0]) == {"one", "two"}
    assert not any(map(is_alive, watcher.starts[0].values()))


def test_a_program_that_dies_starts_again_later_each_time(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_DELAY_S", 0.05)
    watcher = Watcher([program("short", "")])
    monkeypatch.setattr(watcher, "done", lambda: len(watcher.starts) == 3)

    watcher.run()

    assert len({pids["short"] for pids in watcher.starts}) == 3
    assert [vars(record)["delay_s"] for record in caplog.records][:2] == [0.05, 0.1]


def test_a_program_that_will_not_stop_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(supervisor, "STOP_S", 0.3)
    deaf = tmp_path / "deaf"
    watcher = Watcher([program("deaf", IGNORES_TERM.replace("print('x', flush=True)", f"open({str(deaf)!r}, 'w')"))])
    monkeypatch.setattr(watcher, "done", deaf.exists)

    watcher.run()

    assert not is_alive(watcher.starts[0]["deaf"])


def test_what_the_others_need_stops_after_them(tmp_path: Path) -> None:
    order = tmp_path / "order"
    code = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit()); open({ready!r}, 'w')\n"
    code += "try: signal.pause()\nfinally: open({order!r}, 'a').write({name!r})"
    programs = [
        program(name, code.format(ready=str(tmp_path / name), order=str(order), name=name), stops_last=name == "a")
        for name in "ab"
    ]
    watcher = Watcher(programs)
    watcher.done = lambda: all((tmp_path / name).exists() for name in "ab")  # type: ignore[method-assign]

    watcher.run()

    assert order.read_text() == "ba"


def test_a_grandchild_does_not_outlive_its_dead_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_DELAY_S", 60)
    pid_file = tmp_path / "pid"
    code = (
        "import pathlib, subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']);"
        f"pathlib.Path({str(pid_file)!r}).write_text(str(child.pid))"
    )
    watcher = Watcher([program("parent", code)])
    monkeypatch.setattr(watcher, "done", lambda: pid_file.exists() and not is_running(int(pid_file.read_text() or 0)))

    watcher.run()


def is_running(pid: int) -> bool:
    """Not merely waiting for its parent to notice."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.strip().startswith("Z")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_a_killed_supervisor_leaves_nobody(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys; from leads_infinitos.supervisor import Program, Supervisor;"
        f"note = lambda pids: pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(pids['child']));"
        f"Supervisor([Program('child', [sys.executable, '-c', {WAITS!r}])], os.environ, on_change=note).run()"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        child = int(wait_for_text(tmp_path / "pid"))
        process.kill()

    deadline = time.monotonic() + GIVE_UP_S
    while is_running(child):
        assert time.monotonic() < deadline


def wait_for_text(path: Path) -> str:
    deadline = time.monotonic() + GIVE_UP_S
    while not path.exists() or not path.read_text():
        assert time.monotonic() < deadline
    return path.read_text()
