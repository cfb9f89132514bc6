"""A customer of a running installation: an account with numbers, a list and campaigns, made through commands and API."""

from __future__ import annotations

import json
import tempfile
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

from leads_infinitos.portal.demo.browser import Browser
from leads_infinitos.portal.demo.stage import Stage
from leads_infinitos.sandbox.client import Accepted

ALL_WEEK = [[[0, 1440]]] * 7
FINAL = ("sent", "failed", "invalid", "skipped", "unconfirmed", "cancelled")


class Customer:
    """One account, spoken for by its API key."""

    def __init__(self, stage: Stage, email: str, *, plan: str = "infinite") -> None:
        self.stage = stage
        made = json.loads(stage.manage("create_account", email, "--plan", plan, "--json").splitlines()[-1])
        self.browser = Browser(stage.url, api_token=made["api_token"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.browser.close()

    def connect(self, *, gap_s: float) -> int:
        """A connected number of its own with a fixed gap; its id."""
        instance = self.stage.sandbox.add_instance()
        body = {"name": instance.key, "host": instance.host, "instance_key": instance.key, "token": instance.token}
        made = self.browser.post("connections/", {**body, "gap_min_s": gap_s, "gap_max_s": gap_s})
        assert self.browser.post(f"connections/{made['id']}/check/")["state"] == "connected"
        return int(made["id"])

    def import_phones(self, name: str, first: int, count: int) -> int:
        """A list of `count` invented leads with consecutive phones; its id."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "leads.csv"
            rows = [f"Lead {number},(11) 9{70_000_000 + number}" for number in range(first, first + count)]
            file.write_text("\n".join(["nome,celular", *rows]) + "\n")
            made = self.browser.upload("imports/", file, {"list_name": name})
        done = self.stage.wait("a importação", lambda: self._done(made["id"]), timeout_s=60)
        assert done["created_count"] == count, done
        return int(done["list"])

    def _done(self, import_id: int) -> dict[str, Any] | None:
        seen: dict[str, Any] = self.browser.get(f"imports/{import_id}/")
        return seen if seen["status"] not in ("queued", "running") else None

    def campaign(self, name: str, lists: list[int], connections: list[int]) -> int:
        """A started campaign that may send at any hour; its id."""
        body = {"name": name, "lists": lists, "connections": connections, "texts": ["Oi {nome}"], "window": ALL_WEEK}
        made = self.browser.post("campaigns/", body)
        self.browser.post(f"campaigns/{made['id']}/start/")
        return int(made["id"])

    def stats(self, campaign: int) -> dict[str, Any]:
        seen: dict[str, Any] = self.browser.get(f"campaigns/{campaign}/stats/")
        return seen

    def wait_until_done(self, campaign: int, *, timeout_s: float) -> dict[str, Any]:
        """The stats once the campaign is finished."""

        def finished() -> dict[str, Any] | None:
            seen = self.stats(campaign)
            return seen if seen["status"] == "finished" else None

        return self.stage.wait("o fim da campanha", finished, timeout_s=timeout_s)


def assert_nothing_twice(accepted: list[Accepted]) -> None:
    """No person got two messages."""
    assert [phone for phone, count in Counter(line.phone for line in accepted).items() if count > 1] == []


def shortest_gap_s(accepted: list[Accepted]) -> float:
    """The shortest time between two accepted messages, in seconds."""
    walls = [line.wall for line in accepted]
    return min(later - earlier for earlier, later in pairwise(walls))


def by_instance(accepted: list[Accepted]) -> dict[str, list[Accepted]]:
    grouped: dict[str, list[Accepted]] = defaultdict(list)
    for line in accepted:
        grouped[line.instance].append(line)
    return dict(grouped)
