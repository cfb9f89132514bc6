"""`manage.py serve`: web, worker, beat and, in development, the sandbox, under one supervisor."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from leads_infinitos.supervisor import Program, Supervisor

ANSWER_S = 0.5


class Command(BaseCommand):
    help = (
        "Roda o produto inteiro: portal, envio, agenda e, em desenvolvimento, o simulador dos provedores. "
        "Ctrl-C ou SIGTERM param tudo em até 15 s."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--port", type=int, default=8000, help="porta do portal; 0 escolhe uma livre (padrão: 8000)"
        )
        parser.add_argument("--host", default="127.0.0.1", help="endereço em que o portal escuta (padrão: 127.0.0.1)")
        parser.add_argument(
            "--sandbox",
            action=argparse.BooleanOptionalAction,
            default=settings.SANDBOX,
            help="inicia o simulador dos provedores; --no-sandbox quando ele já roda em outro lugar",
        )

    def handle(self, *, host: str, port: int, sandbox: bool, **options: object) -> None:
        sandbox = sandbox and settings.SANDBOX
        port = port or _free_port(host)
        with _only_one():
            _refuse_taken_ports(host=host, port=port, sandbox=sandbox)
            self._prepare_database()
            serving = _Serving(command=self, host=host, port=port, sandbox=sandbox)
            supervisor = Supervisor(
                programs=_programs(host=host, port=port, sandbox=sandbox),
                environment=_environment(serving.url),
                on_change=serving.note_pids,
                on_tick=serving.announce_once_ready,
            )
            self.say("Iniciando…")
            supervisor.run()
            _state_file().unlink(missing_ok=True)
            self.say("Tudo parado.")

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _prepare_database(self) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.say("Preparando o banco de dados…")
            call_command("migrate", interactive=False, verbosity=0)
        call_command("sync_beat", stdout=open(os.devnull, "w"))  # noqa: SIM115
        connections.close_all()


class _Serving:
    """What is running where: told to people on screen and to programs in `serve.json`."""

    def __init__(self, *, command: Command, host: str, port: int, sandbox: bool) -> None:
        self._command = command
        self._address = ("127.0.0.1" if host in ("", "0.0.0.0", "::") else host, port)  # noqa: S104 (compared, not bound)
        self._sandbox = sandbox
        self._announced = False
        self.url = f"http://{self._address[0]}:{port}"

    def note_pids(self, pids: dict[str, int]) -> None:
        state = {
            "pid": os.getpid(),
            "url": self.url,
            "port": self._address[1],
            "sandbox_url": settings.SANDBOX_URL if self._sandbox else None,
            "sandbox_smtp_port": settings.SANDBOX_SMTP_PORT if self._sandbox else None,
            "programs": pids,
        }
        part = _state_file().with_suffix(".part")
        part.write_text(json.dumps(state, indent=2) + "\n")
        part.replace(_state_file())  # a reader sees the whole file or the one before

    def announce_once_ready(self) -> None:
        if self._announced:
            return
        # The port accepts before the worker has booted; any answer means that it has.
        probe = HTTPConnection(*self._address, timeout=ANSWER_S)
        try:
            probe.request("GET", "/healthz")
            probe.getresponse()
        except (OSError, HTTPException):
            return
        finally:
            probe.close()
        self._announced = True
        self._command.say(f"\n  Portal:    {self.url}/")
        if self._sandbox:
            self._command.say(f"  Simulador: {settings.SANDBOX_URL}/ (mensagens entregues e e-mails; nada sai daqui)")
        self._command.say("  Parar:     Ctrl-C\n")


def _programs(*, host: str, port: int, sandbox: bool) -> list[Program]:
    python = sys.executable
    gunicorn = [python, "-m", "gunicorn", "-c", "python:leads_infinitos.gunicorn_conf", "--bind", f"{host}:{port}"]
    programs = []
    if sandbox:
        log = settings.VAR_DIR / "accept-log.jsonl"
        command = [python, "-m", "leads_infinitos.sandbox", "--accept-log", str(log)]
        command += ["--port", str(settings.SANDBOX_PORT), "--smtp-port", str(settings.SANDBOX_SMTP_PORT)]
        programs.append(Program("sandbox", command, stops_last=True))
    programs.append(Program("web", [*gunicorn, "leads_infinitos.wsgi:application"]))
    if not settings.EMBEDDED:
        celery = [python, "-m", "celery", "--app", "leads_infinitos", "--quiet"]
        worker = [*celery, "worker", "--queues", "default", "--concurrency", "2", "--hostname", "worker@%h"]
        # Threads: the signal that stops the sender reaches the process that sends, which then claims no more.
        sender = [*celery, "worker", "--queues", "sending", "--pool", "threads", "--concurrency", "1"]
        programs.append(Program("worker", worker))
        programs.append(Program("sender", [*sender, "--hostname", "sender@%h"]))
        programs.append(Program("beat", [*celery, "beat", "--pidfile", ""]))
    return programs


def _environment(url: str) -> dict[str, str]:
    """Links in e-mails lead to this portal unless the environment names another address."""
    return {"PUBLIC_URL": url, "CELERY_SKIP_CHECKS": "1", "PYTHONUNBUFFERED": "1", **os.environ}


def _state_file() -> Path:
    return Path(settings.VAR_DIR, "serve.json")


@contextmanager
def _only_one() -> Iterator[None]:
    """Held until this process ends, however it ends. Two on one embedded database would be two senders in two clocks."""
    with Path(settings.VAR_DIR, "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(f"O produto já está rodando com os dados de {settings.VAR_DIR}.") from None
        yield


def _refuse_taken_ports(*, host: str, port: int, sandbox: bool) -> None:
    wanted = [(host, port, "o portal", "--port")]
    if sandbox:
        wanted.append(("127.0.0.1", settings.SANDBOX_PORT, "o simulador", "a variável SANDBOX_PORT"))
        wanted.append(("127.0.0.1", settings.SANDBOX_SMTP_PORT, "o e-mail do simulador", "SANDBOX_SMTP_PORT"))
    for address, number, what, remedy in wanted:
        if not _is_free(address, number):
            raise CommandError(f"A porta {number}, que {what} usaria, está ocupada: escolha outra com {remedy}.")


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _free_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
