"""`manage.py confirm_restore`: what the restore guard says; with --yes, let this database send again."""

from __future__ import annotations

import json
import sys

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import clock
from campaigns import texts
from campaigns.domain.restoring import GuardVerdict
from campaigns.services import restore_guard
from leads_infinitos.kernel.errors import DomainError

WAITS, FAILED = 1, 2


class Command(BaseCommand):
    help = (
        "Mostra se este banco de dados pode enviar e o quanto está atrás do que já foi enviado. Com --yes, confirma um "
        "banco restaurado ou copiado: pausa todas as campanhas em andamento e agendadas, e os donos decidem retomar. "
        "Sai com 0 se pode enviar, 1 se espera confirmação, 2 se não pôde confirmar."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--yes", action="store_true", help="confirma; sem isto o comando só mostra")
        parser.add_argument("--json", action="store_true", help="a última linha da saída é um objeto JSON")

    def handle(self, *, yes: bool, json: bool, **options: object) -> None:
        verdict, paused = restore_guard.look(), 0
        if yes and not verdict.may_send:
            try:
                paused = restore_guard.confirm(by=None, now=clock.now()).paused
            except DomainError as error:
                raise CommandError(texts.of(error), returncode=FAILED) from error
        may_send = verdict.may_send or yes
        if json:
            self.stdout.write(_as_json(verdict, may_send=may_send, paused=paused))
        else:
            self._tell(verdict, confirmed=yes and not verdict.may_send, paused=paused)
        if not may_send:
            sys.exit(WAITS)

    def _tell(self, verdict: GuardVerdict, *, confirmed: bool, paused: int) -> None:
        if verdict.stop is None:
            self.stdout.write(f"Este banco pode enviar. Envios registrados: {verdict.ledger}.")
            return
        self.stdout.write(f"{texts.reason(verdict.stop)} ({verdict.stop})")
        known = "desconhecidos" if verdict.witness is None else str(verdict.witness)
        self.stdout.write(f"  Envios no banco: {verdict.ledger}; fora dele: {known}; faltam no banco: {verdict.behind}")
        if verdict.changed:
            self.stdout.write(f"  Mudou: {', '.join(verdict.changed)}")
        if confirmed:
            self.stdout.write(f"Confirmado. Campanhas pausadas, à espera dos donos: {paused}.")
        elif verdict.needs_operator:
            self.stdout.write("Nada é enviado. Para confirmar este banco: manage.py confirm_restore --yes")


def _as_json(verdict: GuardVerdict, *, may_send: bool, paused: int) -> str:
    answer = {
        "may_send": may_send,
        "stop": verdict.stop,
        "ledger": verdict.ledger,
        "witness": verdict.witness,
        "behind": verdict.behind,
        "changed": list(verdict.changed),
        "paused": paused,
    }
    return json.dumps(answer)
