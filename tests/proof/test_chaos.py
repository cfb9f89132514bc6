from __future__ import annotations

import random
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.test import override_settings

from leads_infinitos.portal.demo.stage import REDIS_MARK, temporary_redis
from leads_infinitos.portal.proof.chaos import DISCONNECTED, FLUSHED, RATE_LIMITED, Chaos
from leads_infinitos.portal.proof.gateway import DOUBT_EVERY, Gateway
from leads_infinitos.portal.proof.rows import Instance
from leads_infinitos.sandbox.running import running_sandbox

needs_redis = pytest.mark.skipif(not settings.REDIS_URL, reason="needs Redis")


def chaos(gateway: Gateway | None = None) -> Chaos:
    return Chaos(gateway or Gateway([], Path("none")), random.Random(1), on_servers=False)


@needs_redis
def test_our_own_redis_database_is_emptied_and_stays_marked() -> None:
    with temporary_redis(settings.REDIS_URL) as url, redis.Redis.from_url(url) as client:
        client.set("task", "1")
        bad = chaos()
        with override_settings(REDIS_URL=url):
            bad._flush_broker()

        assert [client.get("task"), client.get(REDIS_MARK)] == [None, b"1"]
        assert bad.inflicted[FLUSHED] == 1


@needs_redis
def test_a_redis_database_that_is_not_ours_is_left_alone() -> None:
    with temporary_redis(settings.REDIS_URL) as url, redis.Redis.from_url(url) as client:
        client.delete(REDIS_MARK)
        client.set("theirs", "1")
        bad = chaos()
        with override_settings(REDIS_URL=url):
            bad._flush_broker()

        assert client.get("theirs") == b"1"
        assert not bad.inflicted


def test_numbers_fall_and_come_back_with_the_fault_they_had() -> None:
    with running_sandbox() as sandbox:
        made = [sandbox.add_instance(f"prova-{number}") for number in range(3)]
        gateway = Gateway([Instance(one.host, one.key, one.token) for one in made], Path("none"), sandbox)
        gateway.misbehave()
        bad = chaos(gateway)

        for second in range(12):
            bad.tick(second)
        down = [sandbox.instance_state(one.key)["status"] for one in made].count("disconnected")
        bad._due = dict.fromkeys(bad._due, 1e9)
        bad.tick(100)

        assert down > 0
        assert bad.inflicted[DISCONNECTED] > 0
        assert bad.inflicted[RATE_LIMITED] > 0
        states = [sandbox.instance_state(one.key) for one in made]
        assert [state["status"] for state in states] == ["connected"] * 3
        assert [state["faults"]["every"] for state in states] == [DOUBT_EVERY] * 3


def test_a_healed_gateway_has_no_fault_left() -> None:
    with running_sandbox() as sandbox:
        made = sandbox.add_instance("prova-0", status="disconnected")
        gateway = Gateway([Instance(made.host, made.key, made.token)], Path("none"), sandbox)
        gateway.misbehave()

        gateway.heal()

        state = sandbox.instance_state("prova-0")
        assert (state["status"], state["faults"]["fault"]) == ("connected", None)
