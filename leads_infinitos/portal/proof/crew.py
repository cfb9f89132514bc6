"""The processes of a proof: started, and started again at once whenever they die, however they die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from leads_infinitos.portal.demo.stage import ROOT
from leads_infinitos.supervisor import die_with_parent

SENDERS, BEATS = 4, 2
STOP_S = 15.0
LOOK_S = 0.2


class CrewError(Exception):
    """The processes do not come up; the text holds the end of a log."""


@dataclass
class Member:
    """One process. `restarts`: how often it had to be started again."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0


@dataclass
class Crew:
    """Use it as a context manager; `tend` is to be called several times a second."""

    folder: Path
    environment: Mapping[str, str] = field(repr=False)
    members: list[Member] = field(default_factory=list)

    def add(self, name: str, *command: str) -> None:
        """Start one more process."""
        member = Member(name, [sys.executable, *command])
        self.members.append(member)
        self._start(member)

    def tend(self) -> None:
        """Start again what has ended."""
        for member in self.members:
            if member.process is not None and member.process.poll() is not None:
                self._kill_group(member)
                member.restarts += 1
                self._start(member)

    def stop(self) -> None:
        """End them all: ask, wait, kill. Nothing of theirs is left."""
        running = [member for member in self.members if member.process is not None]
        for member in running:
            if member.process is not None:
                member.process.terminate()
        deadline = time.monotonic() + STOP_S
        while time.monotonic() < deadline and any(one.process and one.process.poll() is None for one in running):
            time.sleep(LOOK_S)
        for member in running:
            self._kill_group(member)
        self.members.clear()

    def log_end(self, name: str) -> str:
        """The end of one process's log."""
        log = self.folder / f"{name}.log"
        return log.read_text(errors="replace")[-2000:] if log.exists() else ""

    def _start(self, member: Member) -> None:
        parent = os.getpid()
        with (self.folder / f"{member.name}.log").open("ab") as log:
            member.process = subprocess.Popen(  # noqa: S603 (our own commands)
                member.command,
                cwd=ROOT,
                env=dict(self.environment),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(parent),
            )

    @staticmethod
    def _kill_group(member: Member) -> None:
        if member.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(member.process.pid, signal.SIGKILL)
            member.process.wait()


@contextmanager
def crew(folder: Path, environment: Mapping[str, str]) -> Iterator[Crew]:
    """An empty crew, stopped at the end."""
    made = Crew(folder, environment)
    try:
        yield made
    finally:
        made.stop()


def man_servers(on: Crew, *, port: int) -> None:
    """With PostgreSQL and Redis: a portal that hears receipts, a worker, two beats and four senders."""
    gunicorn = ("-m", "gunicorn", "-c", "python:leads_infinitos.gunicorn_conf", "--bind", f"127.0.0.1:{port}")
    on.add("web", *gunicorn, "leads_infinitos.wsgi:application")
    celery = ("-m", "celery", "--app", "leads_infinitos", "--quiet")
    threads = ("--pool", "threads", "--without-mingle", "--without-gossip")
    on.add(
        "worker", *celery, "worker", "--queues", "default", "--concurrency", "2", *threads, "--hostname", "worker@%h"
    )
    for number in range(1, SENDERS + 1):
        name = f"sender{number}"
        on.add(
            name, *celery, "worker", "--queues", "sending", "--concurrency", "1", *threads, "--hostname", f"{name}@%h"
        )
    for number in range(1, BEATS + 1):
        on.add(f"beat{number}", *celery, "beat", "--pidfile", "")


def man_embedded(on: Crew, *, port: int) -> None:
    """The embedded form: everything in the process that `serve` runs, and restarts."""
    on.add("serve", "manage.py", "serve", "--port", str(port), "--no-sandbox")


def wait_until_up(on: Crew, url: str, *, timeout_s: float) -> None:
    """Return when the portal answers. Raises CrewError."""
    deadline = time.monotonic() + timeout_s
    while True:
        with suppress(httpx2.HTTPError):
            if httpx2.get(f"{url}/healthz", timeout=2, trust_env=False).status_code == 200:
                return
        if time.monotonic() > deadline:
            raise CrewError(f"O portal não respondeu em {timeout_s:.0f} s.\n{on.log_end(on.members[0].name)}")
        on.tend()
        time.sleep(LOOK_S)
