"""A lane that sleeps until the old zone's midnight is looked at again when the account's zone changes."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.services import people
from tests.campaigns.rows import NOW, make_connection, make_sender

pytestmark = pytest.mark.django_db


def test_a_new_time_zone_or_frequency_cap_wakes_the_lanes_of_the_account() -> None:
    account = make_sender()
    lane = make_connection(account, wake_at=NOW + dt.timedelta(hours=9)).lane

    people.update_account(account=account, name="X", time_zone="America/Manaus", frequency_cap_days=0, now=NOW)

    lane.refresh_from_db()
    assert lane.wake_at == NOW
