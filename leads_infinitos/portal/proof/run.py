"""One proof from start to end, in the environment that `stage` made: rows, processes, chaos, rest, and the two books."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection as database
from django_celery_beat.models import PeriodicTask

from accounts import clock
from campaigns.services import killpoints
from leads_infinitos.portal.demo.screen import Screen
from leads_infinitos.portal.proof import ledger
from leads_infinitos.portal.proof.books import Ledger
from leads_infinitos.portal.proof.chaos import Chaos
from leads_infinitos.portal.proof.crew import Crew, crew, man_embedded, man_servers, wait_until_up
from leads_infinitos.portal.proof.gateway import Gateway, other_gateway, sandbox_gateway
from leads_infinitos.portal.proof.plan import Account, make_plan
from leads_infinitos.portal.proof.reconcile import Findings, reconcile
from leads_infinitos.portal.proof.report import Report
from leads_infinitos.portal.proof.rows import check_database, make_rows, open_lanes

UP_S = 120.0
LOOK_S = 0.2  # between two looks at the processes
READ_S = 2.0  # between two readings of the ledger, longer where it is large
MESSAGES_PER_S = 4000
HEAL_AT = 0.15  # share of the audience that is still open when the gateway becomes well
STALLED_S = 90.0  # without any change the rest is judged as it is


@dataclass(frozen=True)
class Wanted:
    """What was asked for. `seconds`: sending stops then, whatever is left; 0: never. `port`: of the portal."""

    sends: int
    seconds: float
    seed: int
    port: int
    settle_s: float = 150.0  # for receipts: a processor that was killed holds its events for two minutes
    broken: str = ""
    gateway_url: str = ""
    instances: Path | None = None
    accept_log: Path | None = None


def prove(wanted: Wanted, screen: Screen) -> Report:
    """The report. Raises ForeignDatabase, GatewayError, CrewError."""
    check_database()
    screen.step(1, "Banco próprio, contas, números e campanhas")
    call_command("migrate", interactive=False, verbosity=0)
    call_command("sync_beat", stdout=(settings.VAR_DIR / "sync_beat.log").open("w"))
    _double_ticks()
    rng = random.Random(wanted.seed)  # noqa: S311 (a plan that can be repeated, no secret)
    with _gateway(wanted, rng) as (gateway, accounts), crew(settings.VAR_DIR, os.environ) as workers:
        make_rows(accounts, gateway.instances, now=clock.now())
        size = _size(accounts)
        screen.fact(", ".join(f"{name}: {count}" for name, count in size.items()))
        return _Proof(wanted, screen, gateway, workers, rng, size).run()


def _double_ticks() -> None:
    """A second row of beat for the tick: each comes twice, also where no other process could add any."""
    pump = PeriodicTask.objects.get(name="pump")
    PeriodicTask.objects.get_or_create(name="pump-again", defaults={"task": pump.task, "interval": pump.interval})


@contextmanager
def _gateway(wanted: Wanted, rng: random.Random) -> Iterator[tuple[Gateway, list[Account]]]:
    if wanted.gateway_url and wanted.instances and wanted.accept_log:
        gateway = other_gateway(url=wanted.gateway_url, instances=wanted.instances, log=wanted.accept_log)
        yield gateway, make_plan(sends=wanted.sends, rng=rng, lanes=len(gateway.instances), magic=False)
        return
    accounts = make_plan(sends=wanted.sends, rng=rng)
    numbers = sum(len(account.lanes) for account in accounts)
    with sandbox_gateway(settings.VAR_DIR, numbers=numbers, rng=rng) as gateway:
        yield gateway, accounts


def _size(accounts: list[Account]) -> dict[str, int]:
    campaigns = [campaign for account in accounts for campaign in account.campaigns]
    return {
        "accounts": len(accounts),
        "numbers": sum(len(account.lanes) for account in accounts),
        "campaigns": len(campaigns),
        "messages": sum(len(campaign.messages) for campaign in campaigns),
    }


class _Proof:
    def __init__(
        self,
        wanted: Wanted,
        screen: Screen,
        gateway: Gateway,
        workers: Crew,
        rng: random.Random,
        size: dict[str, int],
    ) -> None:
        self.wanted, self.screen, self.gateway, self.workers, self.size = wanted, screen, gateway, workers, size
        self.on_servers = not settings.EMBEDDED
        self.chaos = Chaos(gateway, rng, self.on_servers)
        self.begun = time.monotonic()

    def run(self) -> Report:
        url = f"http://127.0.0.1:{self.wanted.port}"
        self.gateway.post_receipts_here()
        if not self.wanted.broken:  # a fault that nobody inflicted must show by itself
            self.gateway.misbehave()
        (man_servers if self.on_servers else man_embedded)(self.workers, port=self.wanted.port)
        wait_until_up(self.workers, url, timeout_s=UP_S)
        self.screen.step(2, "Envio sob ataque")
        self.begun = time.monotonic()
        self.gateway.read_cpu()
        open_lanes(now=clock.now())
        caught = self._attack()
        self.gateway.read_cpu()
        if caught is None:
            self.screen.step(3, "Gateway bom de novo: o resto sai, as incertas se resolvem")
            self._come_to_rest()
        elapsed_s = time.monotonic() - self.begun
        self.workers.stop()
        at_rest = caught is None
        findings = reconcile(ledger.read_ledger(at_rest=at_rest), self.gateway.lines(), at_rest=at_rest)
        return self._report(findings, elapsed_s)

    def _attack(self) -> Findings | None:
        """Send while everything goes wrong, until little is left or the time is up. With a protection taken away: the
        findings as soon as there is a fault.
        """
        if self.wanted.broken == "":
            return self._until(lambda now: now.open_count() <= HEAL_AT * self.size["messages"], attacked=True)
        return self._until(lambda now: now.open_count() == 0, attacked=True)

    def _come_to_rest(self) -> None:
        self.gateway.heal()
        if self._is_late():
            ledger.pause_everything()
        self._until(lambda now: now.open_count() == 0, attacked=False)
        ends = time.monotonic() + self.wanted.settle_s
        while ledger.waiting_events() and time.monotonic() < ends:
            self._tend(LOOK_S * 5)

    def _until(self, done: Callable[[Ledger], bool], *, attacked: bool) -> Findings | None:
        read_at, changed_at, before = 0.0, time.monotonic(), -1
        while True:
            self._tend(LOOK_S)
            now = time.monotonic()
            if attacked:
                self.chaos.tick(now - self.begun)
            if now < read_at + max(READ_S, self.size["messages"] / MESSAGES_PER_S):
                continue
            read_at = now
            books = ledger.read_ledger()
            self._show(books)
            if self.wanted.broken:
                findings = reconcile(books, self.gateway.lines(), at_rest=False)
                if any(findings.faults.values()):
                    return findings
            if attacked:
                ledger.end_rests("gateway_unwell")  # five minutes each: the proof would wait more than it sends
            else:
                ledger.look_again_at_numbers()
                ledger.end_rests()
            if done(books) or (attacked and self._is_late()):
                return None
            state = hash(tuple(message.status for message in books.messages.values()))
            if state != before:
                changed_at, before = now, state
            if now > changed_at + STALLED_S:
                return None

    def _tend(self, seconds: float) -> None:
        self.workers.tend()
        time.sleep(seconds)

    def _is_late(self) -> bool:
        return bool(self.wanted.seconds) and time.monotonic() - self.begun > self.wanted.seconds

    def _show(self, books: Ledger) -> None:
        counts = {"mensagens": len(books.messages)}
        for status, word in (("sent", "enviadas"), ("unconfirmed", "incertas"), ("failed", "falhas")):
            counts[word] = sum(message.status == status for message in books.messages.values())
        counts["na fila"] = books.open_count()
        self.screen.bar("envios", counts)

    def _report(self, findings: Findings, elapsed_s: float) -> Report:
        form = "PostgreSQL e Redis" if self.on_servers else f"embutida ({database.vendor})"
        return Report(
            form=form,
            seed=self.wanted.seed,
            findings=findings,
            kills=killpoints.kills(settings.VAR_DIR),
            inflicted=self.chaos.inflicted,
            size=self.size,
            gateway_cpu=self.gateway.cpu,
            elapsed_s=elapsed_s,
            broken=self.wanted.broken,
        )
