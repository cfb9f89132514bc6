"""Shape of what people type on the login, password and account pages."""

from __future__ import annotations

from typing import Any, cast

from allauth.account import forms as allauth_forms
from django import forms

from accounts.models import Account
from accounts.texts import TIME_ZONES


class _Plain:
    """Our labels instead of allauth's, and no placeholder: it vanishes when one types, a label does not."""

    labels: dict[str, str] = {}
    help_texts: dict[str, str] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, forms.Field] = self.fields  # type: ignore[attr-defined]
        for name, field in fields.items():
            field.label = self.labels.get(name, field.label)
            field.help_text = self.help_texts.get(name, "")
            field.widget.attrs.pop("placeholder", None)


PASSWORD_HELP = "Pelo menos 10 caracteres. Uma frase curta é fácil de lembrar."  # noqa: S105


class LoginForm(_Plain, allauth_forms.LoginForm):  # type: ignore[misc]
    labels = {"login": "E-mail", "password": "Senha"}


class ResetPasswordForm(_Plain, allauth_forms.ResetPasswordForm):  # type: ignore[misc]
    labels = {"email": "E-mail da sua conta"}


class NewPasswordForm(_Plain, allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    labels = {"password1": "Nova senha", "password2": "Repita a nova senha"}
    help_texts = {"password1": PASSWORD_HELP}


class ChangePasswordForm(_Plain, allauth_forms.ChangePasswordForm):  # type: ignore[misc]
    labels = {"oldpassword": "Senha atual", "password1": "Nova senha", "password2": "Repita a nova senha"}
    help_texts = {"password1": PASSWORD_HELP}


class SetPasswordForm(_Plain, allauth_forms.SetPasswordForm):  # type: ignore[misc]
    labels = {"password1": "Nova senha", "password2": "Repita a nova senha"}
    help_texts = {"password1": PASSWORD_HELP}


class ProfileForm(forms.Form):
    name = forms.CharField(label="Seu nome", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))


class AccountForm(forms.Form):
    account_name = forms.CharField(
        label="Nome da conta", max_length=120, help_text="Costuma ser o nome do seu negócio."
    )
    time_zone = forms.ChoiceField(label="Fuso horário", help_text="Dias, horários e limites seguem este relógio.")
    frequency_cap_days = forms.IntegerField(
        label="Intervalo mínimo entre contatos",
        min_value=0,
        max_value=365,
        help_text="Quem já recebeu uma mensagem sua não recebe outra antes disso, em nenhuma campanha. 0 desliga.",
    )

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = dict(TIME_ZONES)
        zones.setdefault(account.time_zone, account.time_zone)
        cast(forms.ChoiceField, self.fields["time_zone"]).choices = list(zones.items())


class TokenForm(forms.Form):
    name = forms.CharField(label="Para que serve esta chave?", max_length=60)
