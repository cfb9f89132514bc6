"""Loads the catalogue of Hotmart products, plans and offers, and works on the events that were waiting for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import clock
from billing import texts
from billing.services import catalogue, inbox
from leads_infinitos.kernel.errors import DomainError


class Command(BaseCommand):
    help = "Carrega o catálogo da Hotmart (produto, planos e ofertas). Repetir muda só o que for diferente."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE.json")
        parser.add_argument("--json", action="store_true", help="responde em JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        try:
            loaded = catalogue.load(_read(options["file"]), now=now)
        except DomainError as error:
            raise CommandError(texts.of(error)) from error
        for key in loaded.unknown_keys:
            self.stderr.write(self.style.WARNING(f"chave desconhecida, ignorada: {key}"))
        for key in loaded.warnings:
            self.stderr.write(
                self.style.WARNING(f"{key}: a ordem dos planos é a do produto; a do arquivo não muda nada")
            )
        for name in loaded.kept:
            self.stderr.write(f"mapeamento fora do arquivo, mantido: {name}")
        results = inbox.process_due(now=now) if loaded.retried else {}
        counts = {word: loaded.changes[word] for word in ("created", "updated", "unchanged", "removed")}
        if options["json"]:
            events = {word: number for word, number in results.items() if word}
            self.stdout.write(
                json.dumps(
                    {**counts, "retried": loaded.retried, "unknown_keys": list(loaded.unknown_keys), "events": events}
                )
            )
            return
        self.stdout.write(", ".join(f"{word} {number}" for word, number in counts.items()))
        self.stdout.write(f"eventos tentados de novo: {loaded.retried}")


def _read(name: str) -> Any:
    try:
        return json.loads(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"Não foi possível ler {name}: {error.strerror}") from error
    except ValueError as error:
        raise CommandError(f"{name} não é um JSON válido: {error}") from error
