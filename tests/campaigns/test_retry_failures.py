"""What failed for a passing reason is sent once more, in a linked run; nobody hears twice."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from accounts.models import Account, Membership
from billing.models import SendAllowance
from campaigns.domain.failures import FINAL_REASONS
from campaigns.domain.states import CampaignStatus
from campaigns.errors import CampaignIncomplete, NoAccess, NothingToRetry, RetryPreparing, WrongState
from campaigns.gateways import megaapi
from campaigns.gateways.base import OutcomeClass
from campaigns.models import Campaign, CampaignMessage, Connection, ContactMemory
from campaigns.selectors.retries import failures_of
from campaigns.services import audience, copies, lifecycle, removal
from campaigns.services.reconcile import reconcile_counters
from tests.campaigns.engine import answer, claim, record
from tests.campaigns.rows import (
    NOW,
    counters,
    give_allowance,
    make_campaign,
    make_connection,
    make_messages,
    make_sender,
    settle,
)

pytestmark = pytest.mark.django_db


def finished(account: Account, *, again: int = 3, final: int = 2, sent: int = 1) -> Campaign:
    """A finished campaign with so many messages that failed for now, failed for good, and were sent."""
    connection = make_connection(account)
    campaign = make_campaign(account, connection, daily_cap=50)
    rows = make_messages(campaign, connection, again + final + sent)
    settle(campaign, rows[:again], "failed", reason="not_connected")
    settle(campaign, rows[again : again + final], "failed", reason="not_on_whatsapp", bucket="invalid")
    settle(campaign, rows[again + final :], "sent")
    CampaignMessage.objects.update(answered_at=NOW)
    lifecycle.finish_done(now=NOW)
    campaign.refresh_from_db()
    return campaign


def retry(campaign: Campaign) -> Campaign:
    """The run, with its messages made."""
    run = copies.retry_failures(campaign=campaign, by=None, now=NOW)
    while audience.materialise_started(now=NOW):
        pass
    run.refresh_from_db()
    return run


def failed_phones(campaign: Campaign) -> set[str]:
    rows = campaign.messages.filter(status="failed", reason="not_connected")
    return set(rows.values_list("phone", flat=True))


def test_the_run_holds_the_retryable_failures_with_the_text_they_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "BATCH", 2)
    campaign = finished(make_sender())
    assert (failures_of(campaign).retryable, failures_of(campaign).final) == (3, 2)

    run = retry(campaign)

    assert (run.retry_of_id, run.status, run.daily_cap, run.name) == (campaign.pk, "running", 50, "Campanha (2)")
    assert counters(run) == {"queued": 3}
    old = campaign.messages.filter(reason="not_connected").values_list("phone", "body", "connection_id")
    assert set(run.messages.values_list("phone", "body", "connection_id")) == set(old)
    assert len(claim()) == 1
    assert reconcile_counters() == []


def test_what_is_in_a_run_is_not_retried_again_from_the_first_campaign() -> None:
    campaign = finished(make_sender())
    run = retry(campaign)
    assert (failures_of(campaign).retryable, failures_of(campaign).other) == (0, 3)
    with pytest.raises(NothingToRetry):
        copies.retry_failures(campaign=campaign, by=None, now=NOW)

    lifecycle.cancel_campaign(campaign=run, now=NOW)
    lifecycle.cancel_queued(now=NOW)
    assert failures_of(campaign).retryable == 3


def test_two_clicks_make_one_run() -> None:
    campaign = finished(make_sender())
    copies.retry_failures(campaign=campaign, by=None, now=NOW)
    with pytest.raises(RetryPreparing):
        copies.retry_failures(campaign=campaign, by=None, now=NOW)


def test_who_heard_from_the_account_since_is_left_alone_even_after_the_run_was_deleted() -> None:
    campaign = finished(make_sender(), again=1)
    run = retry(campaign)
    (taken,) = claim()
    record(answer(taken))
    lifecycle.finish_done(now=NOW)
    run.refresh_from_db()
    removal.delete_campaign(campaign=run)
    assert failures_of(campaign).retryable == 0


def test_a_doubt_about_the_failed_message_itself_does_not_keep_it_from_being_retried() -> None:
    campaign = finished(make_sender(), again=1)
    row = campaign.messages.get(reason="not_connected")
    ContactMemory.objects.create(
        account_id=campaign.account_id, phone=row.phone, connection=None, message_ref=row.pk, last_sent_at=NOW
    )
    assert failures_of(campaign).retryable == 1


def test_final_failures_alone_are_refused() -> None:
    with pytest.raises(NothingToRetry):
        copies.retry_failures(campaign=finished(make_sender(), again=0), by=None, now=NOW)


@pytest.mark.parametrize("status", [one for one in CampaignStatus if one != "finished"])
def test_only_a_finished_campaign_is_retried(status: CampaignStatus) -> None:
    campaign = finished(make_sender())
    Campaign.objects.update(status=status, starts_at=NOW)
    with pytest.raises(WrongState):
        copies.retry_failures(campaign=campaign, by=None, now=NOW)


def test_without_a_licence_or_a_number_nothing_is_retried() -> None:
    campaign = finished(make_sender())
    Connection.objects.update(archived_at=NOW)
    with pytest.raises(CampaignIncomplete):
        copies.retry_failures(campaign=campaign, by=None, now=NOW)
    SendAllowance.objects.update(send_until=NOW)
    with pytest.raises(NoAccess):
        copies.retry_failures(campaign=campaign, by=None, now=NOW + dt.timedelta(seconds=1))
    assert Campaign.objects.count() == 1


def test_every_refusal_of_a_number_or_a_message_is_final_and_no_other_answer_is() -> None:
    refused = {OutcomeClass.REFUSED_NUMBER, OutcomeClass.REFUSED_MESSAGE}
    listed = {code for _, _, (kind, code) in megaapi.REFUSALS if kind in refused}
    passing = {code for _, _, (kind, code) in megaapi.REFUSALS if kind not in refused}
    assert listed | {"bad_request"} == FINAL_REASONS
    assert not passing & FINAL_REASONS


def test_the_page_shows_the_count_first_and_then_leads_to_the_run(ana_browser: Client, ana: Membership) -> None:
    give_allowance(ana.account)
    campaign = finished(ana.account)
    page = ana_browser.get(f"/campaigns/{campaign.pk}/").content.decode()
    assert "Tentar de novo (3)" in page
    assert "<b>2</b> ficam de fora: falharam de vez" in page

    answered = ana_browser.post(f"/campaigns/{campaign.pk}/retry/", follow=True)

    run = Campaign.objects.get(retry_of=campaign)
    assert answered.request["PATH_INFO"] == f"/campaigns/{run.pk}/"
    assert "Novo envio das falhas de" in answered.content.decode()


def test_the_api_counts_and_starts_a_run(ana_browser: Client, ana: Membership) -> None:
    give_allowance(ana.account)
    campaign = finished(ana.account)
    address = f"/api/campaigns/{campaign.pk}/retry/"
    assert ana_browser.get(address).json() == {"retryable": 3, "final": 2, "other": 0}

    made, again = ana_browser.post(address), ana_browser.post(address)

    assert (made.status_code, made.json()["retry_of"]) == (201, campaign.pk)
    assert (again.status_code, again.json()["code"]) == (409, "retry_preparing")
