"""A whole installation for as long as a `with` block lasts: `manage.py serve` with its own database, ports and files."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import httpx2
import psycopg
import redis

from leads_infinitos.sandbox.client import SandboxClient

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[3]
START_S = 120.0
STOP_S = 20.0
LOOK_S = 0.1
REDIS_DATABASES = range(15, 0, -1)
REDIS_MARK = "leads-infinitos-demo"  # says that a Redis database is ours: it may be emptied


class StageError(Exception):
    """The installation did not do what was waited for; the text says what, with the end of its log."""


@dataclass
class Stage:
    """A running installation: its address, its folder, its processes and its sandbox."""

    url: str
    folder: Path
    environment: Mapping[str, str] = field(repr=False)
    sandbox: SandboxClient
    process: subprocess.Popen[bytes]

    def manage(self, *arguments: str) -> str:
        """Run a management command in this installation; its standard output. Raises StageError when it fails."""
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        done = subprocess.run(  # noqa: S603 - our own interpreter and entry point
            command, env=dict(self.environment), cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise StageError(f"manage.py {arguments[0]}: {done.stderr.strip()[-500:]}")
        return done.stdout

    def programs(self) -> dict[str, int]:
        """Pids of the children of `serve` by name (web, sandbox, worker, sender, beat)."""
        state: dict[str, Any] = json.loads((self.folder / "serve.json").read_text())
        return {name: int(pid) for name, pid in state["programs"].items()}

    def log(self) -> str:
        return (self.folder / "serve.log").read_text(errors="replace")

    def wait(self, what: str, look: Callable[[], T | None], *, timeout_s: float) -> T:
        """The first answer of `look` that is true. Raises StageError when none came in time or `serve` ended."""
        deadline = time.monotonic() + timeout_s
        while not (found := look()):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise StageError(f"{what}: não aconteceu em {timeout_s:.0f} s.\n{self.log()[-2000:]}")
            time.sleep(LOOK_S)
        return found

    def is_ready(self) -> bool:
        """Whether the portal, its database, its broker and a worker answer."""
        try:
            return httpx2.get(f"{self.url}/readyz", timeout=2, trust_env=False).status_code == 200
        except httpx2.HTTPError:
            return False

    def stop(self) -> None:
        """End `serve` and everything it started."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@contextmanager
def stage(**extra: str) -> Iterator[Stage]:
    """Start an installation on a fresh database: a file, or a new one on the server that DATABASE_URL names.

    `extra` adds to its environment. At the end everything is stopped and removed.
    """
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="leads-infinitos-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        port, sandbox_port, smtp_port = free_ports(3)
        environment = {
            **os.environ,
            "VAR_DIR": str(folder),
            "DEBUG": "1",
            "SANDBOX": "1",
            "SANDBOX_PORT": str(sandbox_port),
            "SANDBOX_SMTP_PORT": str(smtp_port),
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "LOG_LEVEL": "WARNING",
            "PYTHONUNBUFFERED": "1",
            "ENV_FILE": os.devnull,  # what a developer keeps in .env must not reach the demonstration
            **extra,
        }
        for name in (
            "EMAIL_URL",
            "GATEWAY_ALLOWED_HOSTS",
            "HOTMART_HOTTOK",
            "SEND_ONLY_TO",
            "ALLOWED_HOSTS",
            "WITNESS_URL",
        ):
            environment.pop(name, None)  # the demonstration reaches its own stand-ins only
        if environment.get("DATABASE_URL"):
            environment["DATABASE_URL"] = stack.enter_context(temporary_database(environment["DATABASE_URL"]))
        if environment.get("REDIS_URL"):
            environment["REDIS_URL"] = stack.enter_context(temporary_redis(environment["REDIS_URL"]))
        log = stack.enter_context((folder / "serve.log").open("wb"))
        process = _serve(environment, port, log)
        sandbox = SandboxClient(f"http://127.0.0.1:{sandbox_port}", smtp_port=smtp_port)
        running = Stage(f"http://127.0.0.1:{port}", folder, environment, sandbox, process)
        stack.callback(running.stop)
        running.wait("O produto ficar pronto", running.is_ready, timeout_s=START_S)
        yield running


def _serve(environment: Mapping[str, str], port: int, log: IO[bytes]) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(ROOT / "manage.py"), "serve", "--port", str(port)]
    return subprocess.Popen(  # noqa: S603 - our own interpreter and entry point
        command, env=dict(environment), cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
    )


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on now, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextmanager
def temporary_database(url: str) -> Iterator[str]:
    """A new database on the server of `url`, dropped at the end."""
    name = f"leads_demo_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
        finally:
            admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def temporary_redis(url: str) -> Iterator[str]:
    """An empty database of the server of `url`, emptied again at the end; one that holds anything is left alone."""
    for number in REDIS_DATABASES:
        own = urlunsplit(urlsplit(url)._replace(path=f"/{number}"))
        with redis.Redis.from_url(own) as client:
            if client.dbsize() == 0 and client.set(REDIS_MARK, "1", nx=True):
                try:
                    yield own
                finally:
                    client.flushdb()
                return
    raise StageError("Nenhum banco vazio no Redis.")
