"""What people write back: it stops the campaign for them, and one of the agreed words stops the whole account."""

from __future__ import annotations

import datetime as dt

from django.db.models import F

from accounts.models import Account
from campaigns.domain.opt_out import asks_to_stop
from campaigns.domain.states import MessageStatus
from campaigns.gateways.events import Incoming
from campaigns.models import Campaign, CampaignMessage, ContactMemory, Reply, Suppression
from campaigns.services import locks, suppressions
from campaigns.services.events import Arrived, Handled, Status, ignored, waiting

SOURCE = "whatsapp_reply"
MAY_HAVE_ARRIVED = (MessageStatus.SENT, MessageStatus.UNCONFIRMED)


def handle(arrived: Arrived[Incoming], *, now: dt.datetime) -> Handled:
    """Take one incoming message; gives what becomes of the event. The caller holds a transaction and nothing locked.

    A request to stop is in force when this commits, also while the message it answers is still being recorded. What a
    person writes whom the account never wrote to is none of our business, and is not kept.
    """
    event = arrived.event
    phone = event.phone or _quoted_phone(arrived)
    if phone is None:
        return ignored("no_phone", forget=True)
    locks.lock_account(arrived.account_id)  # before anything is read: a claim reads suppressions and replies under it
    wants_out = asks_to_stop(event.text)
    if wants_out:
        account = Account.objects.get(pk=arrived.account_id)
        suppressions.suppress(account=account, phone=phone, reason=Suppression.Reason.OPT_OUT, now=now, source=SOURCE)
    in_flight = CampaignMessage.objects.filter(
        account_id=arrived.account_id, phone=phone, status=MessageStatus.SENDING, claimed_at__lte=arrived.received_at
    )
    if in_flight.exists():  # an automatic answer may be faster than our record
        return waiting(now)
    memory = ContactMemory.objects.filter(account_id=arrived.account_id, phone=phone).first()
    if memory is None and not wants_out:
        return ignored("never_contacted", forget=True)
    _keep(arrived, phone, _answered(memory) if memory is not None else None)
    return Handled(Status.PROCESSED, forget=True)


def _quoted_phone(arrived: Arrived[Incoming]) -> str | None:
    """Whom a LID is: the recipient of the message it quotes."""
    if not arrived.event.quoted_id:
        return None
    rows = CampaignMessage.objects.filter(
        connection_id=arrived.connection_id, gateway_message_id=arrived.event.quoted_id
    ).exclude(gateway_message_id="")
    return rows.values_list("phone", flat=True).first()


def _answered(memory: ContactMemory) -> CampaignMessage | None:
    """The latest message that this phone got, or may have got, from the account."""
    rows = CampaignMessage.objects.filter(account_id=memory.account_id, phone=memory.phone, status__in=MAY_HAVE_ARRIVED)
    latest = rows.filter(pk=memory.message_ref).first()
    return latest or rows.order_by(F("sent_at").desc(nulls_last=True), "-pk").first()


def _keep(arrived: Arrived[Incoming], phone: str, message: CampaignMessage | None) -> None:
    if message is not None:
        locks.lock_campaigns([message.campaign_id])
    first = message is not None and not Reply.objects.filter(message=message).exists()
    _, is_new = Reply.objects.get_or_create(
        connection_id=arrived.connection_id,
        gateway_message_id=arrived.event.message_id,
        defaults={
            "account_id": arrived.account_id,
            "phone": phone,
            "message": message,
            "text": arrived.event.text,
            "received_at": arrived.received_at,
        },
    )
    if message is not None and first and is_new:
        Campaign.objects.filter(pk=message.campaign_id).update(replied_count=F("replied_count") + 1)
