from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from tests import __main__ as rounds
from tests.services import remove_leftovers, throw_away_services

ROOT = Path(__file__).resolve().parent.parent
GIVE_UP_S = 30.0
HOLDS_SERVICES = """
import pathlib, signal, sys
from tests import services
with services.throw_away_services() as running:
    print(running.database_url, flush=True)
    signal.pause()
"""

pytestmark = pytest.mark.e2e


def is_up(database_url: str) -> bool:
    try:
        psycopg.connect(database_url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def test_both_servers_answer_and_leave_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tests.services._base", lambda: in_reach(tmp_path))

    with throw_away_services() as services:
        with psycopg.connect(services.database_url) as connection:
            row = connection.execute("SELECT upper('ção')").fetchone()
        with redis.Redis.from_url(services.redis_url) as client:
            assert client.ping()

    assert row == ("ÇÃO",)
    assert not is_up(services.database_url)
    assert not list(in_reach(tmp_path).iterdir())


def test_nobody_enters_without_the_password(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tests.services._base", lambda: in_reach(tmp_path))

    with throw_away_services() as services:
        stranger = services.database_url.replace("postgres:", "postgres:x", 2).replace("postgres:x//", "postgres://")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(stranger)


def test_a_killed_run_leaves_no_server_and_the_next_run_removes_its_folder() -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDS_SERVICES], cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        database_url = run.stdout.readline().strip()
        folders = folders_of(run.pid)
        run.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + GIVE_UP_S
    while is_up(database_url):
        assert time.monotonic() < deadline

    remove_leftovers()

    assert folders
    assert not any(folder.exists() for folder in folders)


def folders_of(pid: int) -> list[Path]:
    """The folders whose lock the process holds open."""
    targets = (os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir())
    return [Path(target).parent for target in targets if target.endswith("/lock")]


def in_reach(folder: Path) -> Path:
    """A folder below pytest's own that root's unprivileged servers can enter."""
    own = folder / "services"
    own.mkdir(exist_ok=True)
    for path in (own, *own.parents):
        if path.stat().st_uid == os.getuid() and "pytest-" in str(path):
            path.chmod(path.stat().st_mode | 0o011)
    return own


def test_only_what_no_round_ran_counts_as_left_out(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    first.write_text(json.dumps({"ran": ["a"], "skipped": {"b": "SQLite has no row locks", "c": "no Chromium"}}))
    second.write_text(json.dumps({"ran": ["a", "b"], "skipped": {"c": "no Chromium"}}))

    assert rounds._left_out([first, second]) == {"c": "no Chromium"}
