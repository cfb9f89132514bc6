"""`manage.py sync_beat`: after each deploy, once the migrations are applied."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from leads_infinitos.beat import sync_schedule
from leads_infinitos.celery import BEAT


class Command(BaseCommand):
    help = "Cria no banco as tarefas periódicas que faltam. O que um operador editou no Admin fica como está."

    def handle(self, *args: object, **options: object) -> None:
        self.stdout.write(f"Tarefas periódicas escritas: {sync_schedule(BEAT)}")
