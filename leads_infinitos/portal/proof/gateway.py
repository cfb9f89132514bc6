"""The gateway of a proof: our sandbox, which can be made to fail, or another stand-in that speaks the same contract."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campaigns.gateways import calls
from campaigns.models import Connection
from campaigns.services.connections import config_of
from campaigns.services.webhook_setup import address_of
from leads_infinitos.kernel import http
from leads_infinitos.portal.proof.books import Line, read_log
from leads_infinitos.portal.proof.rows import Instance
from leads_infinitos.sandbox.client import SandboxClient
from leads_infinitos.sandbox.running import sandbox_process

CALLS = 16  # side by side, where every number is told something
# After WhatsApp took the message: dropped, silent, or answered with what proves nothing. Each fifth call of every number.
DOUBT = ("drop_after_accept", "hang_after_accept", "drop_after_accept", "partial_200", "gateway_timeout", "empty_200")
DOUBT_EVERY = 5
LATE_MS = (0, 0, 250, 900)
# How receipts arrive: as usual, out of order, twice, before the answer, with a copy of the message.
RECEIPTS: tuple[dict[str, object], ...] = (
    {"acks": [2, 3]},
    {"acks": [3], "acks_before_answer": True},
    {"acks": [2, 3], "acks_swapped": True},
    {"acks": [2], "echo": True},
    {"acks": [3], "acks_duplicated": True},
    {"acks": [2, 3, 4]},
)
ACK_DELAY_MS = 300


class GatewayError(Exception):
    """The stand-in that was named cannot be used; the text says why."""


@dataclass
class Gateway:
    """`sandbox` is None where another stand-in is used: its faults and its CPU are its own affair."""

    instances: list[Instance]
    log: Path
    sandbox: SandboxClient | None = None
    since: float = field(default_factory=time.time)
    _cpu: list[tuple[float, float]] = field(default_factory=list)
    _misbehaves: bool = False

    def lines(self) -> list[Line]:
        """What it took since the proof began, in order of time."""
        return read_log(self.log, instances={instance.key for instance in self.instances}, since=self.since)

    def read_cpu(self) -> None:
        """Note its CPU time now."""
        if self.sandbox is not None:
            self._cpu.append((time.monotonic(), float(self.sandbox.state()["cpu_s"])))

    @property
    def cpu(self) -> float | None:
        """Its share of one CPU between the first and the last reading; None where it cannot be known."""
        if len(self._cpu) < 2:
            return None
        (begun, before), (ended, after) = self._cpu[0], self._cpu[-1]
        return round((after - before) / max(ended - begun, 0.001), 3)

    def post_receipts_here(self) -> int:
        """Give every number its webhook, as the product does when a number connects; gives how many took it."""
        rows = list(Connection.objects.order_by("pk"))
        with ThreadPoolExecutor(CALLS) as pool:
            took = list(pool.map(lambda row: calls.set_webhook(config_of(row), url=address_of(row)), rows))
        for number, instance in enumerate(self.instances):
            if self.sandbox is not None:
                self.sandbox.add_instance(instance.key, ack_delay_ms=ACK_DELAY_MS, **RECEIPTS[number % len(RECEIPTS)])
        return sum(took)

    def misbehave(self) -> None:
        """From now on every number leaves each fifth call in doubt, in its own way; some answer late besides."""
        self._misbehaves = True
        for instance in self.instances:
            self.restore(instance)

    def restore(self, instance: Instance) -> None:
        """Give the number back the fault that it has, if any."""
        if self.sandbox is None or not self._misbehaves:
            return
        number = self.instances.index(instance)
        latency_ms = LATE_MS[number % len(LATE_MS)]
        self.sandbox.set_faults(
            instance.key, fault=DOUBT[number % len(DOUBT)], every=DOUBT_EVERY, latency_ms=latency_ms
        )

    def rate_limit(self, instance: Instance) -> None:
        """Its next call is refused for a second."""
        if self.sandbox is not None:
            self.sandbox.set_faults(instance.key, fault="rate_limited", times=1, retry_after_s=1)

    def set_connected(self, instance: Instance, *, connected: bool) -> None:
        if self.sandbox is not None:
            self.sandbox.add_instance(instance.key, status="connected" if connected else "disconnected")

    def heal(self) -> None:
        """Everything works from now on."""
        if self.sandbox is not None:
            self.sandbox.set_faults()
            for instance in self.instances:
                self.set_connected(instance, connected=True)


@contextmanager
def sandbox_gateway(folder: Path, *, numbers: int, rng: random.Random) -> Iterator[Gateway]:
    """Our sandbox in a process of its own, with so many numbers."""
    log = folder / "accept-log.jsonl"
    with sandbox_process(accept_log=log) as client:
        first = rng.randrange(10_000_000, 40_000_000)
        instances = []
        for number in range(numbers):
            phone = f"55119{first + number}"
            made = client.add_instance(f"prova-{number}", phone=phone)
            instances.append(Instance(made.host, made.key, made.token, f"+{phone}"))
        yield Gateway(instances, log, client)


def other_gateway(*, url: str, instances: Path, log: Path) -> Gateway:
    """Another stand-in. Raises GatewayError when the files do not say what they should."""
    try:
        base = http.allowed_base(url, vendor_domains=(), extra=[url]).base
        listed: list[dict[str, Any]] = json.loads(instances.read_text(encoding="utf-8"))
        found = [Instance(base, str(one["instance_key"]), str(one["token"])) for one in listed]
    except (OSError, ValueError, KeyError, TypeError, http.HostNotAllowed) as error:
        raise GatewayError(f"{type(error).__name__}: {error}") from error
    if len({one.key for one in found}) != len(found) or not found:
        raise GatewayError("as instâncias faltam ou se repetem")
    return Gateway(found, log)
