"""A campaign can be copied into a draft, and deleted without forgetting what the account used and whom it wrote to."""

from __future__ import annotations

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Account, Membership
from billing.models import SendAllowance
from campaigns.domain.naming import next_name
from campaigns.domain.states import CampaignStatus
from campaigns.errors import CampaignBusy, WrongState
from campaigns.models import (
    Attempt,
    Campaign,
    CampaignExclusion,
    CampaignList,
    CampaignMessage,
    Connection,
    ContactMemory,
    Reply,
    SendLane,
    Suppression,
    UsageDay,
)
from campaigns.selectors.removal import removal_of
from campaigns.services import copies, lifecycle, removal
from tests.campaigns.engine import answer, claim, record
from tests.campaigns.rows import NOW, make_campaign, make_connection, make_list, make_messages, make_sender

pytestmark = pytest.mark.django_db


def sent_campaign(account: Account) -> Campaign:
    """A finished campaign with two sent messages, one exclusion, a reply and somebody who asked to stop."""
    connection = make_connection(account)
    leads = make_list(account, leads=1)
    campaign = make_campaign(account, connection, excluded_count=1, closed_deals=4)
    CampaignList.objects.create(account=account, campaign=campaign, list=leads, position=0)
    CampaignExclusion.objects.create(account=account, campaign=campaign, lead=leads.leads.get(), reason="landline")
    messages = make_messages(campaign, connection, 2)
    for _ in messages:
        record(answer(claim()[0], after_s=0))
    Reply.objects.create(
        account=account, connection=connection, phone=messages[0].phone, message=messages[0], gateway_message_id="r"
    )
    Suppression.objects.create(account=account, phone=messages[0].phone, reason="opt_out")
    lifecycle.finish_done(now=NOW)
    campaign.refresh_from_db()
    return campaign


def test_a_copy_says_the_same_as_a_new_draft() -> None:
    account = make_sender()
    campaign = sent_campaign(account)
    Campaign.objects.update(name="Natal", window=[[[60, 120]]] * 7, daily_cap=7, name_fallback="cliente", starts_at=NOW)
    Campaign.objects.update(skip_holidays=True)
    campaign.refresh_from_db()
    removed = make_connection(account)
    campaign.lanes.add(removed.lane, through_defaults={"account": account})
    Connection.objects.filter(pk=removed.pk).update(archived_at=NOW)

    copy = copies.duplicate_campaign(campaign=campaign, by=None, now=NOW)

    copy.refresh_from_db()
    assert (copy.name, copy.status, copy.starts_at, copy.audience_count, copy.closed_deals) == (
        "Natal (2)", "draft", None, 0, 0,
    )  # fmt: skip
    assert (copy.window, copy.daily_cap, copy.name_fallback) == ([[[60, 120]]] * 7, 7, "cliente")
    assert copy.skip_holidays
    assert list(copy.lists.all()) == list(campaign.lists.all())
    assert [row.body for row in copy.variations.all()] == [row.body for row in campaign.variations.all()]
    assert list(copy.lanes.all()) == list(campaign.lanes.exclude(connection=removed))
    assert lifecycle.start_campaign(campaign=copy, now=NOW).status == "running"


@given(stem=st.text("ab ()2", min_size=1, max_size=140), count=st.integers(1, 5))
def test_names_of_copies_are_free_short_and_never_pile_up_numbers(stem: str, count: int) -> None:
    taken = {stem}
    for _ in range(count):
        name = next_name(stem, taken=taken)
        assert name not in taken
        assert len(name) <= 120
        taken.add(name)


def test_a_copy_of_a_copy_counts_on() -> None:
    assert next_name("Natal (2)", taken={"Natal", "Natal (2)"}) == "Natal (3)"


def test_a_deletion_takes_the_campaign_and_leaves_what_the_account_did(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "BATCH", 1)
    account = make_sender()
    campaign = sent_campaign(account)
    said = removal_of(campaign)
    assert (said.messages, said.excluded, said.closed_deals) == (2, 1, 4)
    assert (said.sent, said.remembered, said.suppressed) == (2, 2, 1)

    removal.delete_campaign(campaign=campaign)

    for model in (Campaign, CampaignMessage, CampaignExclusion, CampaignList, Attempt):
        assert not model.objects.exists()
    assert UsageDay.objects.get().sent == 2
    assert ContactMemory.objects.count() == 2
    assert Suppression.objects.count() == 1
    assert Reply.objects.get().message_id is None
    assert SendAllowance.objects.get().used_count == SendLane.objects.get().used_count == 2


@pytest.mark.parametrize("status", list(CampaignStatus))
def test_only_drafts_and_what_is_over_can_be_deleted(status: CampaignStatus) -> None:
    campaign = make_campaign(make_sender(), status=status, starts_at=NOW)
    if status in ("draft", "finished", "cancelled"):
        removal.delete_campaign(campaign=campaign)
    else:
        with pytest.raises(WrongState):
            removal.delete_campaign(campaign=campaign)
    assert Campaign.objects.exists() == (status in ("scheduled", "running", "paused"))


def test_a_cancelled_campaign_is_deleted_once_its_last_message_is_settled() -> None:
    account = make_sender()
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 2)
    (taken,) = claim()
    lifecycle.cancel_campaign(campaign=campaign, now=NOW)
    lifecycle.cancel_queued(now=NOW)
    with pytest.raises(CampaignBusy):
        removal.delete_campaign(campaign=campaign)
    record(answer(taken))
    removal.delete_campaign(campaign=campaign)
    assert not Campaign.objects.exists()


def test_the_source_of_a_run_stays_until_the_run_has_read_it() -> None:
    account = make_sender()
    source = make_campaign(account, status="finished")
    run = make_campaign(account, retry_of=source, audience_ready_at=None)
    with pytest.raises(CampaignBusy):
        removal.delete_campaign(campaign=source)
    Campaign.objects.filter(pk=run.pk).update(audience_ready_at=NOW)
    removal.delete_campaign(campaign=source)
    run.refresh_from_db()
    assert run.retry_of_id is None


def test_the_page_deletes_only_after_the_name_was_typed(ana_browser: Client, ana: Membership) -> None:
    campaign = make_campaign(ana.account, status="draft", name="Dia das  Mães", audience_ready_at=None, started_at=None)
    address = f"/campaigns/{campaign.pk}/delete/"
    refused = ana_browser.post(address, {"typed": "outra"})
    assert refused.status_code == 422
    assert "O nome não confere." in refused.content.decode()
    assert "data-dialog-auto" in refused.content.decode()

    done = ana_browser.post(address, {"typed": " dia das mães "}, follow=True)

    assert "foi excluída" in done.content.decode()
    assert not Campaign.objects.exists()


def test_a_running_campaign_is_not_deleted_through_the_page_or_the_api(ana_browser: Client, ana: Membership) -> None:
    campaign = make_campaign(ana.account, name="Natal")
    page = ana_browser.post(f"/campaigns/{campaign.pk}/delete/", {"typed": "Natal"}, follow=True)
    answered = ana_browser.delete(f"/api/campaigns/{campaign.pk}/")
    assert "não dá para excluir" in page.content.decode()
    assert (answered.status_code, answered.json()["code"]) == (409, "campaign_wrong_state")
    assert Campaign.objects.exists()


def test_the_api_duplicates_and_deletes(ana_browser: Client, ana: Membership) -> None:
    campaign = make_campaign(ana.account, status="finished", name="Natal")
    made = ana_browser.post(f"/api/campaigns/{campaign.pk}/duplicate/")
    assert (made.status_code, made.json()["name"], made.json()["status"]) == (201, "Natal (2)", "draft")
    assert ana_browser.delete(f"/api/campaigns/{campaign.pk}/").status_code == 204
    assert Campaign.objects.get().pk == made.json()["id"]


def test_the_page_duplicates_into_the_form(ana_browser: Client, ana: Membership) -> None:
    campaign = make_campaign(ana.account, name="Natal")
    answered = ana_browser.post(f"/campaigns/{campaign.pk}/duplicate/")
    copy = Campaign.objects.exclude(pk=campaign.pk).get()
    assert answered.headers["Location"] == f"/campaigns/{copy.pk}/edit/"
