from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import Membership
from billing.models import Licence
from campaigns.models import Connection
from leads_infinitos.kernel.clock import local_day
from leads_infinitos.portal import banners
from tests.campaigns.rows import give_allowance, make_campaign, make_connection, make_messages

pytestmark = pytest.mark.django_db


def titles(member: Membership) -> str:
    banner = banners.current(member.account, now=timezone.now())
    return banner.title if banner else ""


@pytest.fixture(autouse=True)
def _right(ana: Membership) -> None:
    give_allowance(ana.account, daily_limit=100)
    Licence.objects.update_or_create(account=ana.account, defaults={"state": "active"})


def use(member: Membership, count: int) -> None:
    allowance = member.account.send_allowance
    allowance.refresh_from_db()
    allowance.used_on, allowance.used_count = local_day(timezone.now(), member.account.time_zone), count
    allowance.save()


def disconnect_a_number_with_messages(member: Membership) -> Connection:
    connection = make_connection(member.account)
    make_messages(make_campaign(member.account, connection), connection, 1)
    Connection.objects.update(state="disconnected")
    return connection


def test_all_is_well_without_a_notice(ana: Membership) -> None:
    make_connection(ana.account)
    use(ana, 84)

    assert titles(ana) == ""


@pytest.mark.parametrize(("used", "title"), [(85, "Quase no limite de hoje"), (100, "Limite de hoje atingido")])
def test_the_daily_limit_is_said_before_it_is_reached(ana: Membership, used: int, title: str) -> None:
    use(ana, used)

    assert titles(ana) == title


def test_a_number_that_nobody_waits_for_may_rest(ana: Membership) -> None:
    make_connection(ana.account)
    Connection.objects.update(state="disconnected")

    assert titles(ana) == ""


def test_the_most_severe_notice_wins(ana: Membership) -> None:
    use(ana, 100)
    connection = disconnect_a_number_with_messages(ana)
    assert titles(ana) == f"{connection.name} está desconectado"

    Licence.objects.update(state="expired")

    assert titles(ana) == "Seu plano venceu"
