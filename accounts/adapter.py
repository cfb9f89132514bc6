"""How allauth behaves here: no sign-up, mails through the outbox, every sentence in plain Portuguese."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import reverse

from accounts import clock
from accounts.models import User
from accounts.services import outbox


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "E-mail ou senha não conferem. Confira os dois e tente de novo.",
        "too_many_login_attempts": "Muitas tentativas seguidas. Por segurança, espere alguns minutos e tente de novo.",
        "enter_current_password": "Essa não é a sua senha atual.",
        "account_inactive": "Este acesso está desativado.",
        "rate_limited": "Muitas tentativas seguidas. Espere um minuto e tente de novo.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: a purchase makes the account."""
        return False

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """Queue it, so that the page is as fast for an unknown address and a dead mail server breaks nothing."""
        outbox.queue_password_reset(user=user, now=clock.now())

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:account")
