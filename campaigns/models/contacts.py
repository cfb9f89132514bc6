"""What an account remembers of a phone beyond lists and campaigns: the last contact, and the wish not to be written to."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models import Account, User
from campaigns.models.connections import Connection


class ContactMemory(models.Model):
    """When a phone was, or may have been, last messaged by an account, and from which number.

    Survives the deletion of lists and campaigns; feeds the frequency cap and the choice of number.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    phone = models.CharField("telefone", max_length=20)
    connection = models.ForeignKey(Connection, models.SET_NULL, null=True, related_name="+", verbose_name="conexão")
    message_ref = models.BigIntegerField("mensagem")  # id of the CampaignMessage, which may be gone
    last_sent_at = models.DateTimeField("último contato")

    class Meta:
        verbose_name = "memória de contato"
        verbose_name_plural = "memórias de contato"
        constraints = [models.UniqueConstraint(fields=["account", "phone"], name="contact_memory_once")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.last_sent_at:%Y-%m-%d}"


class Suppression(models.Model):
    """ "Do not message this phone", for the whole account; checked at send time, never undone by an import."""

    class Reason(models.TextChoices):
        OPT_OUT = "opt_out", "Pediu para sair"
        INVALID = "invalid", "Número inválido"
        COMPLAINT = "complaint", "Reclamou"
        MANUAL = "manual", "Bloqueado por você"
        ERASED = "erased", "Excluído a pedido (LGPD)"

    account = models.ForeignKey(Account, models.CASCADE, related_name="suppressions", verbose_name="conta")
    phone = models.CharField("telefone", max_length=20)
    reason = models.CharField("motivo", max_length=10, choices=Reason.choices)
    source = models.CharField("origem", max_length=60, blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name="por")
    created_at = models.DateTimeField("em", default=timezone.now)

    class Meta:
        verbose_name = "não enviar"
        verbose_name_plural = "não enviar"
        constraints = [models.UniqueConstraint(fields=["account", "phone"], name="suppression_once")]

    def __str__(self) -> str:
        return self.get_reason_display()
