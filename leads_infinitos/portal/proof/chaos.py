"""What goes wrong on purpose while a proof sends, besides the kills: broker, ticks, database, gateway."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import redis
from django.conf import settings
from kombu.exceptions import OperationalError

from campaigns.tasks import pump_lanes
from leads_infinitos.portal.demo.stage import REDIS_MARK
from leads_infinitos.portal.proof import ledger
from leads_infinitos.portal.proof.gateway import Gateway
from leads_infinitos.portal.proof.rows import Instance

DOUBLED, DELAYED = 4, 2  # ticks added at a time
LATEST_TICK_S = 5.0
WRONG_S = (3.0, 8.0)  # how long a number stays disconnected
TOGETHER = 0.02  # share of the numbers that lose their session, or are refused, at a time
FLUSHED = "Redis esvaziado"
TICKS = "Ticks a mais ou atrasados"
RESTARTED = "Conexões do PostgreSQL encerradas"
DISCONNECTED = "Números desconectados e reconectados"
RATE_LIMITED = "Recusas por excesso (429)"


@dataclass
class Chaos:
    """`tick` does what is due; all times are seconds since the proof began. Seeded: the same choices for the same seed."""

    gateway: Gateway
    rng: random.Random
    on_servers: bool  # PostgreSQL and Redis; the embedded form has neither to take away
    inflicted: Counter[str] = field(default_factory=Counter)
    _due: dict[str, float] = field(default_factory=dict)
    _wrong: dict[str, tuple[float, Instance]] = field(default_factory=dict)

    def tick(self, elapsed_s: float) -> None:
        """Do what is due by now."""
        if self.on_servers:
            self._every("ticks", 2.0, elapsed_s, self._add_ticks)
            self._every("broker", 9.0, elapsed_s, self._flush_broker)
            self._every("database", 13.0, elapsed_s, self._drop_connections)
        if self.gateway.sandbox is not None:
            self._every("sessions", 5.0, elapsed_s, lambda: self._disconnect(elapsed_s))
            self._every("rates", 4.0, elapsed_s, lambda: self._rate_limit(elapsed_s))
            self._put_right(elapsed_s)

    def _every(self, name: str, period_s: float, elapsed_s: float, act: Callable[[], None]) -> None:
        """About once a period, first after half of it."""
        if elapsed_s >= self._due.setdefault(name, period_s / 2):
            self._due[name] = elapsed_s + period_s * self.rng.uniform(0.7, 1.3)
            act()

    def _add_ticks(self) -> None:
        for number in range(DOUBLED + DELAYED):
            delay_s = self.rng.uniform(0.5, LATEST_TICK_S) if number >= DOUBLED else 0.0
            try:
                pump_lanes.apply_async(countdown=delay_s, retry=False)
            except OperationalError:
                continue
            self.inflicted[TICKS] += 1

    def _flush_broker(self) -> None:
        """Everything in our Redis database goes, cache and queues; the mark that says that it is ours stays."""
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            if client.get(REDIS_MARK) is None:
                return
            with client.pipeline(transaction=True) as together:
                together.flushdb()
                together.set(REDIS_MARK, "1")
                together.execute()
        self.inflicted[FLUSHED] += 1

    def _drop_connections(self) -> None:
        self.inflicted[RESTARTED] += ledger.drop_other_connections()

    def _some(self) -> list[Instance]:
        count = max(1, round(len(self.gateway.instances) * TOGETHER))
        return self.rng.sample(self.gateway.instances, count)

    def _disconnect(self, elapsed_s: float) -> None:
        for instance in self._some():
            self.gateway.set_connected(instance, connected=False)
            self._put_right_later(instance, elapsed_s)
            self.inflicted[DISCONNECTED] += 1

    def _rate_limit(self, elapsed_s: float) -> None:
        for instance in self._some():
            self.gateway.rate_limit(instance)
            self._put_right_later(instance, elapsed_s)
            self.inflicted[RATE_LIMITED] += 1

    def _put_right_later(self, instance: Instance, elapsed_s: float) -> None:
        self._wrong[instance.key] = (elapsed_s + self.rng.uniform(*WRONG_S), instance)

    def _put_right(self, elapsed_s: float) -> None:
        """Reconnected, and with the fault that it had."""
        for key, (until, instance) in list(self._wrong.items()):
            if elapsed_s >= until:
                self.gateway.set_connected(instance, connected=True)
                self.gateway.restore(instance)
                del self._wrong[key]
