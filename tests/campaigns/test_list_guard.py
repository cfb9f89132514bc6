"""A list that a campaign still has to read stays; one that it has read leaves the campaign its own snapshot."""

from __future__ import annotations

import pytest

from campaigns.models import CampaignList, CampaignMessage
from campaigns.services.audience import materialise_started
from extraction.errors import ListInUse
from extraction.services.lists import delete_list, list_use
from tests.campaigns.rows import NOW, make_campaign, make_connection, make_sender
from tests.extraction.rows import make_lead, make_list

pytestmark = pytest.mark.django_db


def started_campaign_on_a_list() -> CampaignList:
    account = make_sender()
    lead_list = make_list(account)
    make_lead(lead_list, "+5511987654321", name="Ana", contactable=True)
    campaign = make_campaign(account, make_connection(account), audience_ready_at=None)
    return CampaignList.objects.create(account=account, campaign=campaign, list=lead_list, position=0)


def test_a_list_whose_leads_a_campaign_still_has_to_read_cannot_be_deleted() -> None:
    chosen = started_campaign_on_a_list()

    with pytest.raises(ListInUse):
        delete_list(lead_list=chosen.list)


def test_a_list_that_was_read_can_go_and_its_messages_keep_name_phone_and_text() -> None:
    chosen = started_campaign_on_a_list()
    materialise_started(now=NOW)
    assert list_use(lead_list=chosen.list).kept_count == 1

    delete_list(lead_list=chosen.list)

    message = CampaignMessage.objects.get()
    assert (message.lead_id, message.name, message.phone, message.body) == (None, "Ana", "+5511987654321", "Oi Ana")
