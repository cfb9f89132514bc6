"""`manage.py prove_sending`: kill the sender, break what it stands on, and compare both sides' books."""

from __future__ import annotations

import argparse
import secrets
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

import psycopg
import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from campaigns.services.killpoints import PROTECTIONS
from leads_infinitos.portal.demo.screen import Screen
from leads_infinitos.portal.demo.stage import ROOT, StageError
from leads_infinitos.portal.proof.crew import CrewError
from leads_infinitos.portal.proof.gateway import GatewayError
from leads_infinitos.portal.proof.report import Report
from leads_infinitos.portal.proof.rows import ForeignDatabase, check_database
from leads_infinitos.portal.proof.run import Wanted, prove
from leads_infinitos.portal.proof.stage import proof_environment
from leads_infinitos.sandbox.client import SandboxError
from leads_infinitos.supervisor import die_with_parent

REFUSED, NOT_RUN = 2, 3
STOP_S = 60.0


class Command(BaseCommand):
    help = (
        "Prova o envio: mata processos de verdade em cada ponto do caminho, esvazia o Redis, derruba conexões e o gateway, "
        "e no fim compara o que registramos com o que o gateway aceitou. Cria e remove um banco próprio. "
        "Sai com 1 se houver falha, 2 se recusar o banco, 3 se não puder rodar."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sends", type=int, default=2000, help="mensagens aceitas, no mínimo (padrão: 2000)")
        parser.add_argument(
            "--seconds", type=float, default=0, help="para de enviar depois deste tempo (padrão: nunca)"
        )
        parser.add_argument("--seed", type=int, help="repete o plano e as escolhas de uma prova")
        parser.add_argument("--settle", type=float, default=150, help="espera por recibos, em segundos (padrão: 150)")
        parser.add_argument("--json", action="store_true", help="a última linha da saída é um objeto JSON")
        parser.add_argument(
            "--break",
            dest="broken",
            choices=PROTECTIONS,
            default="",
            help="retira uma proteção, para mostrar que a prova percebe; para na primeira falha",
        )
        parser.add_argument("--gateway", default="", metavar="URL", help="outro simulador do contrato da Mega API")
        parser.add_argument("--instances", type=Path, metavar="ARQUIVO", help='JSON: [{"instance_key", "token"}]')
        parser.add_argument(
            "--accept-log", type=Path, metavar="ARQUIVO", help="JSON por linha: instance, to, text, wall"
        )
        parser.add_argument("--keep", action="store_true", help="não remove a pasta com os logs dos processos")
        parser.add_argument("--on-stage", type=int, default=0, help=argparse.SUPPRESS)

    def handle(self, **options: object) -> None:
        wanted = self._wanted(**options)
        if wanted.broken and settings.PRODUCTION:
            raise CommandError("--break só existe fora de produção.", returncode=REFUSED)
        before = signal.signal(signal.SIGTERM, _interrupt)  # what was started and made is stopped and removed
        try:
            if wanted.port:
                self._prove(wanted, as_json=bool(options["json"]))
            else:
                self._set_the_stage(wanted, as_json=bool(options["json"]), keep=bool(options["keep"]))
        except ForeignDatabase as error:
            raise CommandError(
                "Este banco tem contas que a prova não criou: aponte DATABASE_URL para um servidor sem uso.",
                returncode=REFUSED,
            ) from error
        except (StageError, CrewError, GatewayError, SandboxError, psycopg.Error, redis.RedisError) as error:
            raise CommandError(f"A prova não pôde rodar: {error}", returncode=NOT_RUN) from error
        finally:
            signal.signal(signal.SIGTERM, before)

    def _wanted(self, **options: object) -> Wanted:
        files = options["instances"], options["accept_log"]
        if options["gateway"] and not all(files):
            raise CommandError("--gateway precisa de --instances e de --accept-log.", returncode=NOT_RUN)
        seed = options["seed"] if options["seed"] is not None else secrets.randbelow(1_000_000)
        return Wanted(
            sends=max(int(str(options["sends"])), 1),
            seconds=float(str(options["seconds"])),
            seed=int(str(seed)),
            port=int(str(options["on_stage"])),
            settle_s=float(str(options["settle"])),
            broken=str(options["broken"]),
            gateway_url=str(options["gateway"]),
            instances=options["instances"] if isinstance(options["instances"], Path) else None,
            accept_log=options["accept_log"] if isinstance(options["accept_log"], Path) else None,
        )

    def _set_the_stage(self, wanted: Wanted, *, as_json: bool, keep: bool) -> None:
        """Make what the proof may break, and run it there in a process of its own: this one keeps its settings."""
        if settings.DATABASE_URL:
            _refuse_foreign_database()
        with proof_environment(sends=wanted.sends, broken=wanted.broken, keep=keep) as (environment, port):
            process = subprocess.Popen(  # noqa: S603 (our own interpreter and entry point)
                _command(wanted, port=port, as_json=as_json),
                env=environment,
                start_new_session=True,  # a Ctrl-C is for this process, which then stops that one
                preexec_fn=die_with_parent,
            )
            try:
                code = process.wait()
            except KeyboardInterrupt:
                process.send_signal(signal.SIGINT)
                code = process.wait(STOP_S)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
            if keep:
                self.stdout.write(f"    Logs: {environment['VAR_DIR']}")
        if code < 0:
            raise CommandError(f"A prova foi morta pelo sinal {-code}.", returncode=NOT_RUN)
        if code:
            sys.exit(code)

    def _prove(self, wanted: Wanted, *, as_json: bool) -> None:
        screen = Screen()
        report = prove(wanted, screen)
        screen.end_bar()
        _show(report, screen)
        if as_json:
            self.stdout.write(report.as_json())
            self.stdout.flush()
        if report.exit_code:
            sys.exit(report.exit_code)


def _command(wanted: Wanted, *, port: int, as_json: bool) -> list[str]:
    command = [sys.executable, str(ROOT / "manage.py"), "prove_sending", "--on-stage", str(port)]
    command += ["--sends", str(wanted.sends), "--seconds", str(wanted.seconds), "--seed", str(wanted.seed)]
    command += ["--settle", str(wanted.settle_s)]
    command += ["--break", wanted.broken] if wanted.broken else []
    if wanted.gateway_url:
        command += ["--gateway", wanted.gateway_url]
        command += ["--instances", str(wanted.instances), "--accept-log", str(wanted.accept_log)]
    return [*command, "--json"] if as_json else command


def _refuse_foreign_database() -> None:
    """The database that the environment names may be somebody's: then its server is no place for this."""
    try:
        check_database()
    except DatabaseError as error:
        raise StageError(str(error)) from error
    finally:
        connection.close()


def _show(report: Report, screen: Screen) -> None:
    screen.step(4, "Os dois livros")
    screen.table(("O que", "Quanto", "Chave"), report.rows())
    for what, examples in report.findings.examples.items():
        screen.fact(f"{what}: {'; '.join(examples)}")
    verdict = "falhou" if report.exit_code else "sem nenhuma falha"
    taken = f" (sem a proteção {report.broken})" if report.broken else ""
    screen.fact(f"\n    Prova {verdict}{taken}. Para repetir o plano: --seed {report.seed}")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
