"""Makes an account by hand: owner, licence and API token."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import clock
from billing import texts
from billing.services.onboarding import create_account
from leads_infinitos.kernel.errors import DomainError


class Command(BaseCommand):
    help = "Cria uma conta com dono, licença concedida à mão e chave de API, que só é mostrada agora."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--plan", required=True, help="teste, starter, pro, scale ou infinite")
        parser.add_argument("--password", help="sem ela, o dono define uma em “Esqueci minha senha”")
        parser.add_argument("--name", default="", help="nome do dono e da conta")
        parser.add_argument("--days", type=int, help="validade da licença; sem ela, a do plano, ou sem fim")
        parser.add_argument("--json", action="store_true", help="responde em JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = create_account(
                email=options["email"],
                plan=options["plan"],
                password=options["password"],
                name=options["name"],
                days=options["days"],
                now=clock.now(),
            )
        except DomainError as error:
            raise CommandError(texts.of(error)) from error
        answer = {"account_id": made.account.pk, "email": made.email, "api_token": made.api_token}
        if options["json"]:
            self.stdout.write(json.dumps(answer))
            return
        self.stdout.write(f"Conta {made.account.pk} criada para {made.email}.\nChave de API: {made.api_token}")
