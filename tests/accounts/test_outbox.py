from __future__ import annotations

import datetime as dt
import logging
import smtplib
from unittest.mock import patch

import pytest
from django.core import mail

from accounts.models import Membership, OutboxEmail
from accounts.services import outbox
from accounts.tasks import send_outbox
from tests.factories import NOW

pytestmark = pytest.mark.django_db
SEND = "django.core.mail.EmailMultiAlternatives.send"


def queued(ana: Membership, key: str = "HP1") -> OutboxEmail:
    return outbox.queue_welcome(user=ana.user, key=key, now=NOW)


def after(seconds: float) -> dt.datetime:
    return NOW + dt.timedelta(seconds=seconds)


def test_a_welcome_is_queued_once_for_a_purchase(ana: Membership) -> None:
    assert queued(ana) == queued(ana)
    assert OutboxEmail.objects.count() == 1


def test_a_welcome_says_what_to_do_in_text_and_html_with_the_same_link(ana: Membership) -> None:
    queued(ana)

    assert outbox.send_due(now=NOW) == 1
    (message,) = mail.outbox
    assert isinstance(message, mail.EmailMultiAlternatives)
    html = str(message.alternatives[0][0])
    link = next(line for line in str(message.body).splitlines() if "/password-reset/key/" in line)
    assert link in html
    assert message.subject == "Sua conta no Leads Infinitos está pronta"
    assert message.to == [ana.user.email]


def test_a_sent_mail_is_not_sent_again(ana: Membership) -> None:
    queued(ana)
    outbox.send_due(now=NOW)

    assert outbox.send_due(now=after(3600)) == 0
    assert len(mail.outbox) == 1


def test_a_mail_waits_for_its_time(ana: Membership) -> None:
    email = queued(ana)
    OutboxEmail.objects.filter(pk=email.pk).update(send_at=after(60))

    assert outbox.send_due(now=NOW) == 0
    assert outbox.send_due(now=after(61)) == 1


def test_a_mail_that_another_process_is_sending_is_left_alone(ana: Membership) -> None:
    email = queued(ana)
    OutboxEmail.objects.filter(pk=email.pk).update(claimed_until=after(60))

    assert outbox.send_due(now=NOW) == 0


def test_a_mail_whose_process_died_is_taken_over(ana: Membership) -> None:
    email = queued(ana)
    OutboxEmail.objects.filter(pk=email.pk).update(claimed_until=after(60))

    assert outbox.send_due(now=after(61)) == 1


def test_only_one_of_two_claims_gets_the_mail(ana: Membership) -> None:
    email = queued(ana)

    assert [outbox._claim(email.pk, now=NOW) for _ in range(2)] == [True, False]


def test_a_busy_server_is_tried_again_later_and_later(ana: Membership) -> None:
    email = queued(ana)
    waits = []
    now = NOW
    with patch(SEND, side_effect=smtplib.SMTPDataError(451, b"try later")):
        for _ in range(3):
            outbox.send_due(now=now)
            email.refresh_from_db()
            waits.append(round((email.send_at - now).total_seconds()))
            now = email.send_at

    assert waits == [30, 60, 120]
    assert email.last_error == "SMTPDataError 451"
    assert outbox.send_due(now=now) == 1


def test_a_server_that_is_down_does_not_stop_the_next_mail(ana: Membership, caio: Membership) -> None:
    outbox.queue_welcome(user=ana.user, key="1", now=NOW)
    outbox.queue_welcome(user=caio.user, key="2", now=NOW)
    with patch(SEND, side_effect=[ConnectionRefusedError(), 1]):
        assert outbox.send_due(now=NOW) == 1


def test_after_ten_tries_we_give_up_and_an_operator_can_start_over(ana: Membership) -> None:
    email = queued(ana)
    OutboxEmail.objects.filter(pk=email.pk).update(tries=9)
    with patch(SEND, side_effect=TimeoutError()):
        outbox.send_due(now=NOW)
    email.refresh_from_db()
    assert email.failed_at is not None
    assert outbox.send_due(now=after(99_999)) == 0

    assert outbox.retry(emails=OutboxEmail.objects.filter(pk=email.pk), now=NOW) == 1
    assert outbox.send_due(now=NOW) == 1


def test_an_address_that_is_refused_for_good_is_not_tried_again(ana: Membership) -> None:
    email = queued(ana)
    refused = smtplib.SMTPRecipientsRefused({ana.user.email: (550, b"no such user")})
    with patch(SEND, side_effect=refused):
        outbox.send_due(now=NOW)
    email.refresh_from_db()

    assert email.failed_at is not None


def test_a_refused_login_of_ours_is_tried_again(ana: Membership) -> None:
    email = queued(ana)
    with patch(SEND, side_effect=smtplib.SMTPAuthenticationError(535, b"bad credentials")):
        outbox.send_due(now=NOW)
    email.refresh_from_db()

    assert email.failed_at is None


def test_neither_row_nor_log_holds_the_address_or_the_link(ana: Membership, caplog: pytest.LogCaptureFixture) -> None:
    email = queued(ana)
    with (
        caplog.at_level(logging.DEBUG),
        patch(SEND, side_effect=smtplib.SMTPRecipientsRefused({ana.user.email: (450, b"x")})),
    ):
        outbox.send_due(now=NOW)
    email.refresh_from_db()

    written = f"{email.last_error} {email.params}" + "".join(str(vars(record)) for record in caplog.records)
    assert ana.user.email not in written
    assert "/password-reset/" not in written


def test_the_task_sends_what_is_due(ana: Membership) -> None:
    queued(ana)

    assert send_outbox() == 1
