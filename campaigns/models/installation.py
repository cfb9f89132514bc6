"""What this installation is, and how far its ledger went: what the restore guard compares."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import User


class Installation(models.Model):
    """The one row that says which database this is and how far its sending got (campaigns/services/restore_guard.py)."""

    random_id = models.CharField("identidade", max_length=32, editable=False)  # names the witness outside the database
    # Parts of the place it may send from; empty until its first claim.
    fingerprint = models.JSONField("impressão digital", default=dict, blank=True)
    ledger_mark = models.BigIntegerField("envios registrados", default=0)  # raised after each claim's commit
    confirmed_at = models.DateTimeField("confirmada em", null=True, blank=True)
    confirmed_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="por")
    confirmed_behind = models.BigIntegerField("envios que faltavam", null=True, blank=True)

    class Meta:
        verbose_name = "guarda de restauração"
        verbose_name_plural = "guarda de restauração"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="installation_is_one")]

    def __str__(self) -> str:
        return "Banco de dados desta instalação"
