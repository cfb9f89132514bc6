"""`manage.py demo`: from a purchase to delivered messages, on a temporary database, in about a minute."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError

from leads_infinitos.portal.demo.browser import PageError
from leads_infinitos.portal.demo.screen import Screen
from leads_infinitos.portal.demo.stage import StageError, stage
from leads_infinitos.portal.demo.story import Story
from leads_infinitos.sandbox.client import SandboxError


class Command(BaseCommand):
    help = "Mostra o produto do começo ao fim, num banco de dados temporário: da compra às mensagens entregues."
    requires_system_checks = ()

    def handle(self, **options: object) -> None:
        screen = Screen()
        screen.fact("Leads Infinitos, do começo ao fim: servidor, worker, beat e provedores simulados de verdade.")
        try:
            with stage() as running:
                Story(running, screen).tell()
        except (StageError, PageError, SandboxError, TimeoutError) as error:
            raise CommandError(f"A demonstração falhou: {error}") from error
        screen.fact("")
        screen.fact("Tudo certo. Para abrir o portal e explorar: make run, e depois http://127.0.0.1:8000/")
