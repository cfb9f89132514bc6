"""The messages of a started campaign: each lead gets one outcome, in batches, and nothing leaves before the last."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from unittest import mock

import pytest

from accounts.models import Account
from campaigns.models import Campaign, CampaignExclusion, CampaignMessage, Connection, ContactMemory, SendLane
from campaigns.services import audience, lifecycle
from campaigns.services.lifecycle import CampaignPlan
from campaigns.services.reconcile import reconcile_counters
from extraction.models import Lead, LeadList
from tests.campaigns.engine import claim
from tests.campaigns.rows import NOW, make_connection, make_list, make_sender

pytestmark = pytest.mark.django_db


def start(
    account: Account,
    *lists: LeadList,
    numbers: int = 1,
    texts: tuple[str, ...] = ("Oi {nome}",),
    name_fallback: str = "",
) -> Campaign:
    connections = [make_connection(account) for _ in range(numbers)]
    chosen = CampaignPlan("C", [row.pk for row in lists], [one.pk for one in connections], texts, name_fallback)
    campaign = lifecycle.create_campaign(account=account, plan=chosen, by=None, now=NOW)
    return lifecycle.start_campaign(campaign=campaign, now=NOW)


def materialise(campaign: Campaign) -> Campaign:
    while audience.materialise_started(now=NOW):
        pass
    campaign.refresh_from_db()
    return campaign


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "BATCH", 7)


def test_every_lead_becomes_a_message_with_its_text_and_its_place() -> None:
    account = make_sender()
    campaign = materialise(start(account, make_list(account, leads=20)))
    rows = list(CampaignMessage.objects.order_by("position"))
    assert [row.body for row in rows] == [f"Oi Cliente {n}" for n in range(20)]
    assert (campaign.audience_count, campaign.queued_count, campaign.audience_ready_at) == (20, 20, NOW)
    assert reconcile_counters() == []


def test_nothing_is_claimable_before_the_last_batch_and_then_the_numbers_are_awake() -> None:
    account = make_sender()
    campaign = start(account, make_list(account, leads=20))
    for _ in range(3):
        audience.materialise_started(now=NOW, batches=1)
        assert claim() == []
    materialise(campaign)
    assert SendLane.objects.get().wake_at == NOW
    assert len(claim()) == 1


def test_a_crash_between_batches_repeats_nothing() -> None:
    account = make_sender()
    campaign = start(account, make_list(account, leads=10), make_list(account, leads=10))
    make, made = audience._make, []

    def dies_in_its_second_batch(campaign: Campaign, leads: Sequence[Lead], *, now: dt.datetime) -> None:
        make(campaign, leads, now=now)
        made.append(len(leads))
        if len(made) == 2:
            raise RuntimeError("killed after the batch was written and before it was committed")

    with mock.patch.object(audience, "_make", dies_in_its_second_batch):
        audience.materialise_started(now=NOW, batches=2)
    materialise(campaign)

    assert CampaignMessage.objects.count() == campaign.audience_count == 20
    assert list(CampaignMessage.objects.order_by("position").values_list("position", flat=True)) == list(range(20))


def test_a_campaign_that_fails_stops_no_other() -> None:
    account = make_sender()
    bad, good = start(account, make_list(account, leads=3)), start(account, make_list(account, leads=3))
    bad.variations.all().delete()
    materialise_once = [audience.materialise_started(now=NOW) for _ in range(3)]
    good.refresh_from_db()
    bad.refresh_from_db()
    assert materialise_once
    assert (good.audience_count, good.audience_ready_at) == (3, NOW)
    assert (bad.audience_count, bad.audience_ready_at) == (0, None)


def test_large_campaigns_take_turns() -> None:
    account = make_sender()
    campaigns = [start(account, make_list(account, leads=30)) for _ in range(2)]
    audience.materialise_started(now=NOW, batches=4)
    assert [Campaign.objects.get(pk=one.pk).audience_count for one in campaigns] == [14, 14]


def test_a_phone_in_several_lists_gets_one_message_and_is_left_out_of_the_others_by_name() -> None:
    account = make_sender()
    first, second = make_list(account, leads=8), make_list(account, leads=2)
    copies = [
        Lead(account=account, list=second, name="X", phone=lead.phone, contactable=True) for lead in first.leads.all()
    ]
    Lead.objects.bulk_create(copies)
    campaign = materialise(start(account, first, second))
    assert (campaign.audience_count, campaign.excluded_count) == (10, 8)
    assert set(CampaignExclusion.objects.values_list("reason", flat=True)) == {"duplicate_in_campaign"}


def test_every_selected_lead_is_a_message_or_an_exclusion_with_its_reason() -> None:
    account = make_sender()
    leads = make_list(account, leads=3, variable_keys=["bairro"])
    Lead.objects.update(variables={"Bairro": "Centro"})
    common = {"account": account, "list": leads}
    Lead.objects.create(**common, name="Sem telefone", phone=None, reason="no_phone")
    Lead.objects.create(**common, name="Fixo", phone="+551133334444", reason="landline")
    Lead.objects.create(**common, name="Sem motivo", phone="+551133334445")
    Lead.objects.create(**common, name="Sem bairro", phone="+5511977770001", contactable=True)

    campaign = materialise(start(account, leads, texts=("Oi {nome} do {bairro}",)))

    reasons = Counter(CampaignExclusion.objects.values_list("reason", flat=True))
    assert reasons == {"no_phone": 1, "landline": 1, "not_contactable": 1, "blank_placeholder": 1}
    assert campaign.audience_count + campaign.excluded_count == leads.leads.count() == 7


def test_variations_and_numbers_go_round_evenly_also_across_batches() -> None:
    account = make_sender()
    materialise(start(account, make_list(account, leads=40), numbers=2, texts=("A", "B")))
    pairs = Counter(CampaignMessage.objects.values_list("connection_id", "body"))
    assert sorted(pairs.values()) == [10, 10, 10, 10]


def test_leads_are_dealt_by_the_room_each_number_has_left_today_also_across_batches() -> None:
    account = make_sender(daily_per_number=30)
    campaign = start(account, make_list(account, leads=40), numbers=2)
    first, second = SendLane.objects.filter(campaigns=campaign).order_by("pk")
    SendLane.objects.filter(pk=first.pk).update(used_on=NOW.date(), used_count=20)

    materialise(campaign)

    assert Counter(CampaignMessage.objects.values_list("connection_id", flat=True)) == {
        first.connection_id: 10,
        second.connection_id: 30,
    }
    assert sorted(campaign.campaign_lanes.values_list("dealt_count", flat=True)) == [10, 30]


def test_who_hears_from_their_own_number_counts_as_a_part_of_its_share() -> None:
    account = make_sender()
    leads = make_list(account, leads=20)
    campaign = start(account, leads, numbers=2)
    own = Connection.objects.filter(lane__campaigns=campaign).order_by("pk")[1]
    for phone in leads.leads.order_by("pk").values_list("phone", flat=True)[:6]:
        ContactMemory.objects.create(account=account, phone=str(phone), connection=own, message_ref=0, last_sent_at=NOW)
    materialise(campaign)
    assert sorted(Counter(CampaignMessage.objects.values_list("connection_id", flat=True)).values()) == [10, 10]


def test_an_empty_name_takes_the_campaigns_fallback() -> None:
    account = make_sender()
    leads = make_list(account, leads=1)
    Lead.objects.update(name="")
    materialise(start(account, leads, name_fallback="cliente"))
    assert CampaignMessage.objects.get().body == "Oi cliente"


def test_who_was_written_to_before_hears_from_the_same_number_where_it_takes_part() -> None:
    account = make_sender()
    leads = make_list(account, leads=6)
    campaign = start(account, leads, numbers=3)
    outside = make_connection(account)
    last = Connection.objects.filter(lane__campaigns=campaign).order_by("pk")[2]
    phones = list(leads.leads.order_by("pk").values_list("phone", flat=True))
    for phone, connection in ((phones[0], last), (phones[1], last), (phones[2], outside)):
        ContactMemory.objects.create(
            account=account, phone=str(phone), connection=connection, message_ref=0, last_sent_at=NOW
        )

    materialise(campaign)

    dealt = dict(CampaignMessage.objects.values_list("phone", "connection_id"))
    assert (dealt[str(phones[0])], dealt[str(phones[1])]) == (last.pk, last.pk)
    assert dealt[str(phones[2])] != outside.pk


def test_a_list_that_is_deleted_half_way_takes_no_lead_of_the_next_with_it() -> None:
    account = make_sender()
    lists = [make_list(account, leads=10) for _ in range(3)]
    last = start(account, lists[2], lists[0], lists[1])  # the last made list is read first: its ids are the highest
    audience.materialise_started(now=NOW, batches=1)
    lists[2].delete()
    campaign = materialise(last)
    assert campaign.audience_count == 27


def test_a_pause_stops_the_preparation_and_a_resume_goes_on_with_it() -> None:
    account = make_sender()
    campaign = start(account, make_list(account, leads=20))
    audience.materialise_started(now=NOW, batches=1)
    lifecycle.pause_campaign(campaign=campaign)
    assert materialise(campaign).audience_count == 7
    lifecycle.resume_campaign(campaign=campaign, now=NOW)
    assert materialise(campaign).audience_count == 20


def test_a_campaign_whose_leads_all_fall_out_is_complete_and_finishes() -> None:
    account = make_sender()
    leads = make_list(account, leads=2)
    Lead.objects.update(contactable=False)
    campaign = materialise(start(account, leads))
    assert lifecycle.finish_done(now=NOW) == 1
    campaign.refresh_from_db()
    assert (campaign.status, campaign.excluded_count) == ("finished", 2)
