"""Imports a spreadsheet without the portal, to its end."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import clock
from accounts.selectors import find_membership, find_user
from extraction import texts
from extraction.errors import ExtractionError
from extraction.models import LeadImport
from extraction.selectors import import_report
from extraction.services.imports import import_now

REJECTED_EXIT = 2


class Command(BaseCommand):
    help = "Importa uma planilha (CSV ou XLSX) para uma lista. Sai com 2 quando o arquivo inteiro é recusado."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--account", required=True, metavar="EMAIL", help="e-mail de um membro da conta")
        parser.add_argument("--list", required=True, metavar="NAME", help="nome da lista; é criada se não existir")
        parser.add_argument("--default-ddd", default="", metavar="NN", help="DDD dos números escritos sem DDD")
        parser.add_argument("--json", action="store_true", help="responde em JSON, com o resultado de cada linha")

    def handle(self, *args: Any, **options: Any) -> None:
        user = find_user(options["account"])
        membership = find_membership(user) if user else None
        if membership is None:
            raise CommandError("Nenhuma conta tem um membro com este e-mail.")
        try:
            with options["file"].open("rb") as content:
                lead_import = import_now(
                    account=membership.account,
                    lead_list=options["list"],
                    upload=File(content, name=options["file"].name),
                    default_ddd=options["default_ddd"],
                    by=membership.user,
                    now=clock.now(),
                )
        except OSError as error:
            raise CommandError(f"Não foi possível abrir o arquivo: {error.strerror}.") from error
        except ExtractionError as error:
            raise CommandError(texts.of(error)) from error
        self._answer(lead_import, as_json=options["json"])

    def _answer(self, lead_import: LeadImport, *, as_json: bool) -> None:
        if lead_import.status not in (LeadImport.Status.DONE, LeadImport.Status.REJECTED):
            raise CommandError(texts.FILE_REASONS["interrupted"])
        rejected = lead_import.status == LeadImport.Status.REJECTED
        if as_json:
            report = {"file": lead_import.upload_name, **import_report(lead_import)}
            self.stdout.write(json.dumps(report, ensure_ascii=False))
        elif rejected:
            self.stdout.write(texts.FILE_REASONS[lead_import.reason])
        else:
            self.stdout.write(f"{lead_import.upload_name}: {texts.equation(lead_import)}")
        if rejected:
            sys.exit(REJECTED_EXIT)
