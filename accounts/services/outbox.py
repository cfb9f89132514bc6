"""E-mails as rows: queued with their reason, sent by whoever claims them, tried again until they leave.

A mail is at-least-once: a process that dies between the server's answer and our note sends it again. Losing a welcome is worse.
"""

from __future__ import annotations

import datetime as dt
import logging
import smtplib
import time

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import models, transaction
from django.db.models import F, Q
from django.template.loader import render_to_string

from accounts.models import OutboxEmail, User
from accounts.services import links

logger = logging.getLogger(__name__)

LEASE = dt.timedelta(seconds=120)  # longer than one mail can take (settings.EMAIL_TIMEOUT per step of the dialogue)
MAX_TRIES = 10
FIRST_DELAY_S = 30  # doubles: 30 s, 1 min, … 2 h; about four hours in all
Kind = OutboxEmail.Kind


def queue_welcome(*, user: User, key: str, now: dt.datetime) -> OutboxEmail:
    """The welcome of `key` (one purchase), queued once however often it is asked for."""
    return _queue(kind=Kind.WELCOME, key=key, user=user, now=now)


def queue_password_reset(*, user: User, now: dt.datetime) -> OutboxEmail:
    """A set-password link for this person, one per minute however often they click."""
    return _queue(kind=Kind.PASSWORD_RESET, key=f"{user.pk}:{now:%Y%m%d%H%M}", user=user, now=now)


def _queue(*, kind: Kind, key: str, user: User, now: dt.datetime) -> OutboxEmail:
    row = OutboxEmail(kind=kind, key=key, user=user, created_at=now, send_at=now)
    OutboxEmail.objects.bulk_create([row], ignore_conflicts=True)  # outbox_email_once
    return OutboxEmail.objects.get(kind=kind, key=key)


def retry(*, emails: models.QuerySet[OutboxEmail], now: dt.datetime) -> int:
    """Give mails that we gave up on a new start; how many there were."""
    return emails.filter(sent_at=None).update(send_at=now, claimed_until=None, tries=0, failed_at=None, last_error="")


def send_due(*, now: dt.datetime, limit: int = 50) -> int:
    """Send what is due, oldest first; how many left. Any number of processes may do so at once."""
    started = time.monotonic()
    sent = 0
    for email_id in _due(now).order_by("send_at", "id").values_list("id", flat=True)[:limit]:
        # A slow server makes a batch long: the lease of each mail counts from its own claim.
        present = now + dt.timedelta(seconds=time.monotonic() - started)
        if _claim(email_id, now=present):
            sent += _send(OutboxEmail.objects.select_related("user").get(pk=email_id), now=present)
    return sent


def _due(now: dt.datetime) -> models.QuerySet[OutboxEmail]:
    free = Q(claimed_until=None) | Q(claimed_until__lt=now)
    return OutboxEmail.objects.filter(free, sent_at=None, failed_at=None, send_at__lte=now)


def _claim(email_id: int, *, now: dt.datetime) -> bool:
    """Whether the mail is ours to send: only one of several processes changes the row."""
    taken = _due(now).filter(pk=email_id).update(claimed_until=now + LEASE, tries=F("tries") + 1)
    return taken == 1


def _send(email: OutboxEmail, *, now: dt.datetime) -> bool:
    try:
        _message(email).send()
    except (OSError, smtplib.SMTPException) as error:
        _note_failure(email, error, now=now)
        return False
    OutboxEmail.objects.filter(pk=email.pk).update(sent_at=now, claimed_until=None, last_error="")
    logger.info("outbox.sent", extra={"email_id": email.pk, "kind": email.kind})
    return True


def _note_failure(email: OutboxEmail, error: Exception, *, now: dt.datetime) -> None:
    """Later again, or give up. Only the class and the code of an error are kept: its text may hold the address."""
    code = _smtp_code(error)
    reason = f"{type(error).__name__} {code or ''}".strip()
    gives_up = email.tries >= MAX_TRIES or (code is not None and code >= 500 and not _may_pass(error))
    with transaction.atomic():
        OutboxEmail.objects.filter(pk=email.pk).update(
            claimed_until=None,
            last_error=reason,
            failed_at=now if gives_up else None,
            send_at=now + dt.timedelta(seconds=FIRST_DELAY_S * 2 ** (email.tries - 1)),
        )
    event = "outbox.given_up" if gives_up else "outbox.failed"
    logger.warning(event, extra={"email_id": email.pk, "tries": email.tries, "error": reason})


def _smtp_code(error: Exception) -> int | None:
    """The server's three-digit answer, where it gave one."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max(code for code, _ in error.recipients.values())
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None


def _may_pass(error: Exception) -> bool:
    """A refused login is our set-up, not the mail's fault: once it is put right, the mail should leave."""
    return isinstance(error, smtplib.SMTPAuthenticationError)


def _message(email: OutboxEmail) -> EmailMultiAlternatives:
    context = {
        "user": email.user,
        "link": links.set_password_link(email.user),
        "login_url": links.absolute("/login/"),
        "reset_url": links.absolute("/password-reset/"),
        "hours": settings.PASSWORD_RESET_TIMEOUT // 3600,
        **email.params,
    }
    prefix = f"emails/{email.kind}"
    subject = " ".join(render_to_string(f"{prefix}-subject.txt", context).split())
    message = EmailMultiAlternatives(subject, render_to_string(f"{prefix}-body.txt", context), to=[email.user.email])
    message.attach_alternative(render_to_string(f"{prefix}-body.html", context), "text/html")
    return message
