"""Says what an e-mail address has: state, plan, until when, and what is known of its purchases."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts import clock
from billing import texts
from billing.selectors import licence_answer


class Command(BaseCommand):
    help = "Mostra a licença de um e-mail de login ou de comprador."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--json", action="store_true", help="responde em JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        answer = licence_answer(options["email"], clock.now())
        if options["json"]:
            self.stdout.write(json.dumps(answer.as_dict()))
            return
        self.stdout.write(f"{answer.email}: {texts.STATES[answer.state]}")
        for name, value in answer.as_dict().items():
            self.stdout.write(f"  {name}: {value}")
