"""The story of the demonstration: a purchase becomes delivered messages, and the gateway's own log has the last word."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import time
from collections import Counter
from pathlib import Path
from typing import Any

from leads_infinitos.portal.demo.browser import Browser
from leads_infinitos.portal.demo.screen import Screen
from leads_infinitos.portal.demo.stage import Stage, StageError

DATA = Path(__file__).parent / "data"
BUYER = "ana.demo@example.com"
HOTTOK = "sandbox-hottok"
GAP_S = (0.2, 0.6)
SCHEDULED_IN_S = 20
ALL_WEEK = [[[0, 1440]]] * 7
TEXTS = (
    "Oi {nome}, tudo bem? Aqui é a Ana, da Oficina Digital. Posso te mostrar uma ideia rápida?",
    "Olá {{nome}}! Sou a Ana, da Oficina Digital. Tenho uma sugestão para o seu negócio, quer ver?",
    "{name}, bom dia! Ana da Oficina Digital falando. Separei uma dica para vocês. Envio por aqui?",
)
WORDS = {
    "total_leads": "vão receber",
    "pending": "na fila",
    "sent": "enviadas",
    "failed": "falhas",
    "invalid": "sem WhatsApp",
    "skipped": "ignoradas",
    "unconfirmed": "incertas",
}
OPEN = ("scheduled", "running", "draft")


class Story:
    """One run. Each step raises when what it promises does not happen."""

    def __init__(self, stage: Stage, screen: Screen) -> None:
        self.stage, self.screen = stage, screen
        self.browser = Browser(stage.url)

    def tell(self) -> None:
        """All steps, in order. Raises StageError, PageError or SandboxError."""
        try:
            self.buy()
            self.enter()
            lists = [self.import_list(1, "clientes.csv", "31"), self.import_list(2, "google-maps.xlsx")]
            guests = self.import_list(3, "convidados.csv")
            connection = self.connect()
            first, second = self.start(lists, connection), self.schedule(guests, connection)
            self.watch(first, second)
            self.compare([first, second])
        finally:
            self.browser.close()

    def buy(self) -> None:
        self.screen.step(1, "Compra na Hotmart: PURCHASE_APPROVED 2.0.0 em /webhooks/hotmart/")
        self.stage.manage("load_catalogue", str(DATA / "catalogo.json"))
        posted = self.stage.sandbox.post_hotmart(
            url=f"{self.stage.url}/webhooks/hotmart/",
            hottok=HOTTOK,
            overrides={"email": BUYER, "name": "Ana da Oficina Digital"},
        )
        if posted["status"] != 200:
            raise StageError(f"O webhook respondeu {posted['status']}.")
        licence = self.stage.wait("A licença aparecer", self._licence, timeout_s=30)
        self.screen.fact(
            f"Conta e usuária {licence['email']}: plano {licence['tier']}, {licence['state']}, "
            f"acesso até {licence['access_until']}."
        )

    def _licence(self) -> dict[str, Any] | None:
        found: dict[str, Any] = json.loads(self.stage.manage("licence", BUYER, "--json").splitlines()[-1])
        return found if found["account"] and found["access"] else None

    def enter(self) -> None:
        self.screen.step(2, "E-mail de boas-vindas, nova senha e login, pelas páginas")
        mail = self.stage.sandbox.wait_for_mail(to=BUYER, timeout_s=30)
        self.screen.fact(f"“{mail.subject}” chegou por SMTP.")
        link = next(link for link in mail.links if "/password-reset/key/" in link)
        password = secrets.token_urlsafe(12)
        self.browser.submit(link, {"password1": password, "password2": password})
        reached = self.browser.submit("/login/", {"login": BUYER, "password": password})
        if "/dashboard" not in reached:
            raise StageError(f"O login levou a {reached}.")
        self.screen.fact("Senha criada e login feito: painel aberto.")

    def import_list(self, number: int, file: str, default_ddd: str = "") -> int:
        """Import one spreadsheet into a new list; its id."""
        if number == 1:
            self.screen.step(3, "Planilhas: CSV com “;” em cp1252, XLSX exportado do Google Maps e uma pequena")
        fields = {"list_name": file.rpartition(".")[0].capitalize(), "default_ddd": default_ddd}
        made = self.browser.upload("imports/", DATA / file, fields)

        def finished() -> dict[str, Any] | None:
            seen: dict[str, Any] = self.browser.get(f"imports/{made['id']}/")
            return seen if seen["status"] in ("done", "rejected", "failed") else None

        done = self.stage.wait(f"{file} ser importado", finished, timeout_s=60)
        if done["status"] != "done":
            raise StageError(f"{file}: {done['status']} {done['reason']}")
        rows = done["rows_in_file"]
        parts = [done[f"{name}_count"] for name in ("created", "duplicate", "rejected", "blank", "not_ready")]
        if rows != sum(parts):
            raise StageError(f"{file}: {rows} linhas, mas {parts}")
        self.screen.fact(
            f"{file}: {rows} linhas = {parts[0]} criadas + {parts[1]} repetidas + {parts[2]} rejeitadas"
            f" + {parts[3]} em branco + {parts[4]} não prontas"
        )
        return int(done["list"])

    def connect(self) -> int:
        self.screen.step(4, "Conexão do WhatsApp pela Mega API")
        instance = self.stage.sandbox.add_instance("megasandbox-1")
        body = {
            "name": "Loja da Ana",
            "host": instance.host,
            "instance_key": instance.key,
            "token": instance.token,
            "gap_min_s": GAP_S[0],
            "gap_max_s": GAP_S[1],
        }
        made = self.browser.post("connections/", body)
        seen = self.browser.post(f"connections/{made['id']}/check/")
        if seen["state"] != "connected":
            raise StageError(f"A conexão está {seen['state']}.")
        self.screen.fact(f"{seen['name']} ({seen['phone']}) está conectada.")
        return int(made["id"])

    def start(self, lists: list[int], connection: int) -> int:
        self.screen.step(5, "Campanha com três variações e {nome} para as duas listas, já")
        leads = self.browser.pages(f"lists/{lists[0]}/leads/?contactable=true")
        self.browser.post("suppressions/", {"phone": leads[0]["phone"], "reason": "opt_out"})
        self.screen.fact(f"{leads[0]['name'] or leads[0]['phone']} pediu para não receber: não vai receber.")
        made = self._campaign("Primeiro contato", lists, connection)
        self.browser.post(f"campaigns/{made}/start/")
        return made

    def schedule(self, guests: int, connection: int) -> int:
        made = self._campaign("Convidados", [guests], connection)
        starts_at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=SCHEDULED_IN_S)
        self.browser.post(f"campaigns/{made}/start/", {"starts_at": starts_at.isoformat()})
        local = starts_at.astimezone().strftime("%H:%M:%S")
        self.screen.step(6, f"Segunda campanha, agendada para {local}: o beat a inicia sozinha")
        return made

    def _campaign(self, name: str, lists: list[int], connection: int) -> int:
        body = {
            "name": name,
            "lists": lists,
            "connections": [connection],
            "texts": list(TEXTS),
            "name_fallback": "tudo bem",
            "window": ALL_WEEK,
        }
        return int(self.browser.post("campaigns/", body)["id"])

    def watch(self, first: int, second: int) -> None:
        """The live bar until both campaigns ended; the second must have started at its time."""
        deadline = time.monotonic() + 240
        for campaign in (first, second):
            name = self.browser.get(f"campaigns/{campaign}/")["name"]
            while True:
                stats = self.browser.get(f"campaigns/{campaign}/stats/")
                self.screen.bar(name, {word: stats[key] for key, word in WORDS.items()})
                if stats["status"] not in OPEN:
                    break
                if time.monotonic() > deadline:
                    raise StageError(f"“{name}” não terminou.\n{self.stage.log()[-2000:]}")
                time.sleep(0.5)
            self.screen.end_bar()
        scheduled = self.browser.get(f"campaigns/{second}/stats/")
        asked, began = (dt.datetime.fromisoformat(scheduled[key]) for key in ("starts_at", "started_at"))
        late = (began - asked).total_seconds()
        self.screen.fact(f"A campanha agendada começou {late:.1f} s depois da hora marcada.")
        if not 0 <= late < 5:
            raise StageError("A campanha agendada não começou na hora.")

    def compare(self, campaigns: list[int]) -> None:
        self.screen.step(7, "Os contadores contra o registro do próprio WhatsApp simulado, linha por linha")
        accepted = self.stage.sandbox.accepted()
        log = Counter((f"+{line.phone}", line.text) for line in accepted)
        rows: list[tuple[object, ...]] = []
        ours: Counter[tuple[str, str]] = Counter()
        for campaign in campaigns:
            stats = self.browser.get(f"campaigns/{campaign}/stats/")
            messages = self.browser.pages(f"campaigns/{campaign}/messages/")
            sent = Counter((row["phone"], row["body"]) for row in messages if row["status"] == "sent")
            ours += sent
            in_log = sum((sent & log).values())
            name = self.browser.get(f"campaigns/{campaign}/")["name"]
            rows.append((name, *(stats[key] for key in WORDS), in_log))
            counted = sum(stats[key] for key in WORDS if key != "total_leads")
            if stats["total_leads"] != counted or sum(sent.values()) != stats["sent"] or in_log != stats["sent"]:
                raise StageError(f"“{name}”: os contadores não batem com o registro.")
        self.screen.table(["Campanha", *WORDS.values(), "no registro"], rows)
        twice = [phone for phone, count in Counter(line.phone for line in accepted).items() if count > 1]
        if ours != log or twice:
            raise StageError(f"O registro tem {log - ours} a mais, {ours - log} a menos, {len(twice)} repetidos.")
        self.screen.fact(
            f"Os {len(accepted)} envios aceitos são exatamente as {sum(ours.values())} mensagens enviadas,"
            " cada pessoa uma vez."
        )
