"""People and tenants. `Account` is the tenant: every tenant-owned row of every app carries its `account_id`."""

from __future__ import annotations

import zoneinfo
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:
        """A person who may log in with this e-mail; without a password, only after following a set-password link."""
        user = self.model(email=normalise_email(email), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:
        """An operator who may enter Django Admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=normalise_email(username or ""))


def normalise_email(email: str) -> str:
    """Addresses are compared and stored in lower case, trimmed."""
    return email.strip().lower()


class User(AbstractBaseUser, PermissionsMixin):
    """A person who logs in by e-mail. What they may see comes from their `Membership`, never from the user itself."""

    email = models.EmailField("e-mail")
    name = models.CharField("nome", max_length=120, blank=True)
    is_staff = models.BooleanField("operador", default=False, help_text="Pode entrar no Django Admin.")
    is_active = models.BooleanField("ativo", default=True)
    date_joined = models.DateTimeField("criado em", default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "usuário"
        verbose_name_plural = "usuários"
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        super().clean()
        self.email = normalise_email(self.email)

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email


def validate_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError("Fuso horário desconhecido: %(value)s", params={"value": value})


class Account(models.Model):
    """The tenant. Days, windows and quotas are local days of its `time_zone`."""

    name = models.CharField("nome", max_length=120)
    time_zone = models.CharField(
        "fuso horário", max_length=64, default="America/Sao_Paulo", validators=[validate_time_zone]
    )
    # Days in which a phone is messaged at most once, whatever campaign; 0 switches the cap off.
    frequency_cap_days = models.PositiveSmallIntegerField("intervalo mínimo entre contatos (dias)", default=7)
    created_at = models.DateTimeField("criada em", default=timezone.now)

    class Meta:
        verbose_name = "conta"
        verbose_name_plural = "contas"

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    OWNER = "owner", "Dono"  # everything, also people and plan
    OPERATOR = "operator", "Operador"  # leads, connections and campaigns
    VIEWER = "viewer", "Leitor"  # reads and exports


class Membership(models.Model):
    """One person's place in one account."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="memberships", verbose_name="conta")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships", verbose_name="usuário")
    role = models.CharField("papel", max_length=10, choices=Role.choices, default=Role.OWNER)
    created_at = models.DateTimeField("desde", default=timezone.now)

    class Meta:
        verbose_name = "membro"
        verbose_name_plural = "membros"
        constraints = [
            models.UniqueConstraint(fields=["account", "user"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.account}"

    @property
    def can_operate(self) -> bool:
        return self.role in (Role.OWNER, Role.OPERATOR)


class ApiToken(models.Model):
    """A key to the JSON API for one membership. Only its SHA-256 is stored; the text is shown once, when it is made."""

    membership = models.ForeignKey(Membership, models.CASCADE, related_name="api_tokens", verbose_name="membro")
    name = models.CharField("nome", max_length=60, default="API")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField("início", max_length=8, editable=False)
    created_at = models.DateTimeField("criado em", default=timezone.now)
    last_used_on = models.DateField("último uso", null=True, blank=True)
    revoked_at = models.DateTimeField("revogado em", null=True, blank=True)

    class Meta:
        verbose_name = "chave de API"
        verbose_name_plural = "chaves de API"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class OutboxEmail(models.Model):
    """An e-mail to send, written in the same transaction as its reason; unique by (kind, key), so never sent for twice.

    Text is rendered when it leaves: a set-password link is a secret and must not lie in a row.
    """

    class Kind(models.TextChoices):
        WELCOME = "welcome", "Boas-vindas"
        PASSWORD_RESET = "password_reset", "Criar nova senha"

    kind = models.CharField("tipo", max_length=20, choices=Kind.choices)
    key = models.CharField("chave", max_length=120)
    user = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name="para")
    params = models.JSONField("valores", default=dict, blank=True)
    created_at = models.DateTimeField("criado em", default=timezone.now)
    send_at = models.DateTimeField("enviar a partir de", default=timezone.now)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    tries = models.PositiveSmallIntegerField("tentativas", default=0)
    sent_at = models.DateTimeField("enviado em", null=True, blank=True)
    failed_at = models.DateTimeField("desistimos em", null=True, blank=True)
    last_error = models.CharField("último erro", max_length=200, blank=True)

    class Meta:
        verbose_name = "e-mail"
        verbose_name_plural = "e-mails"
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="outbox_email_once")]
        indexes = [  # accounts.services.outbox.claim: the next e-mails that are due
            models.Index(
                fields=["send_at"],
                condition=models.Q(sent_at__isnull=True, failed_at__isnull=True),
                name="outbox_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} → {self.user_id}"


class SandboxClock(models.Model):
    """The sandbox's virtual clock: one row whose offset every process adds to the time. Never read in production."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    offset_s = models.FloatField("adiantamento (s)", default=0)

    class Meta:
        verbose_name = "relógio do ambiente de testes"
        verbose_name_plural = "relógio do ambiente de testes"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="sandbox_clock_single")]

    def __str__(self) -> str:
        return f"{self.offset_s:+.0f} s"
