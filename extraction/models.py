"""Lists of leads, and the imports that fill them. A lead is unique by (list, phone), or (list, place) without a phone."""

from __future__ import annotations

import builtins

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Account, User


class Source(models.TextChoices):
    MAPS = "maps", "Google Maps"
    SPREADSHEET = "spreadsheet", "Planilha"
    API = "api", "API"


class LeadList(models.Model):
    """A named set of leads. Counters are rows moved with the leads; screens never scan."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="lists", verbose_name="conta")
    name = models.CharField("nome", max_length=120)
    source = models.CharField("origem", max_length=12, choices=Source.choices, default=Source.SPREADSHEET)
    lead_count = models.PositiveIntegerField("leads", default=0)
    contactable_count = models.PositiveIntegerField("podem receber", default=0)
    variable_keys = models.JSONField("colunas", default=list, blank=True)  # keys that its leads' variables use, sorted
    created_at = models.DateTimeField("criada em", default=timezone.now)

    class Meta:
        verbose_name = "lista"
        verbose_name_plural = "listas"
        constraints = [
            models.UniqueConstraint(fields=["account", "id"], name="lead_list_of_account"),
            models.UniqueConstraint(fields=["account", "name"], name="lead_list_name_once"),
        ]
        indexes = [  # extraction.selectors.list_lists: newest first
            models.Index(fields=["account", "-created_at"], name="lead_list_newest"),
        ]

    def __str__(self) -> str:
        return self.name


class LeadImport(models.Model):
    """One spreadsheet on its way into a list: queued -> running -> done | rejected | failed.

    rows = created + duplicate + rejected + blank + not_ready, always (design: a row never leaves without an outcome).
    """

    class Status(models.TextChoices):
        QUEUED = "queued", "Na fila"
        RUNNING = "running", "Processando"
        DONE = "done", "Concluída"
        REJECTED = "rejected", "Recusada"  # the whole file, with a reason
        FAILED = "failed", "Falhou"  # our fault; the file is kept

    account = models.ForeignKey(Account, models.CASCADE, related_name="imports", verbose_name="conta")
    list = models.ForeignKey(LeadList, models.CASCADE, related_name="imports", verbose_name="lista")
    upload_name = models.CharField("arquivo", max_length=200)
    file = models.FileField("conteúdo", upload_to="imports/%Y/%m/", max_length=200)
    bytes = models.PositiveBigIntegerField("tamanho", default=0)
    default_ddd = models.CharField("DDD padrão", max_length=2, blank=True)
    status = models.CharField("situação", max_length=10, choices=Status.choices, default=Status.QUEUED)
    reason = models.CharField("motivo", max_length=40, blank=True)
    read = models.JSONField(
        "leitura", default=dict, blank=True
    )  # how the file was understood: columns, sheet, encoding
    rows_done = models.PositiveIntegerField("linhas lidas", default=0)
    rows_in_file = models.PositiveIntegerField("linhas", default=0)
    created_count = models.PositiveIntegerField("criadas", default=0)
    duplicate_count = models.PositiveIntegerField("duplicadas", default=0)
    rejected_count = models.PositiveIntegerField("rejeitadas", default=0)
    blank_count = models.PositiveIntegerField("em branco", default=0)
    not_ready_count = models.PositiveIntegerField("não prontas", default=0)
    contactable_count = models.PositiveIntegerField("podem receber", default=0)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name="por")
    created_at = models.DateTimeField("enviada em", default=timezone.now)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    finished_at = models.DateTimeField("terminada em", null=True, blank=True)
    # Undone: its leads were taken out again, those aside that something had used. The rows stay as history.
    undone_at = models.DateTimeField("desfeita em", null=True, blank=True)
    undone_count = models.PositiveIntegerField("leads retirados", default=0)

    class Meta:
        verbose_name = "importação"
        verbose_name_plural = "importações"
        constraints = [
            models.UniqueConstraint(fields=["account", "id"], name="lead_import_of_account"),
            models.CheckConstraint(
                condition=~Q(status="done")
                | Q(
                    rows_in_file=models.F("created_count")
                    + models.F("duplicate_count")
                    + models.F("rejected_count")
                    + models.F("blank_count")
                    + models.F("not_ready_count")
                ),
                name="import_rows_add_up",
            ),
        ]
        indexes = [
            # extraction.services.imports: the oldest waiting import, and those that are being worked on
            models.Index(fields=["created_at"], condition=Q(status__in=["queued", "running"]), name="import_open"),
            # extraction.selectors.list_imports: history, newest first
            models.Index(fields=["account", "-created_at"], name="import_newest"),
        ]

    def __str__(self) -> str:
        return self.upload_name


class ImportRow(models.Model):
    """What became of one row of a spreadsheet."""

    lead_import = models.ForeignKey(LeadImport, models.CASCADE, related_name="rows", verbose_name="importação")
    line = models.PositiveIntegerField("linha")  # as a spreadsheet program shows it, from 1
    outcome = models.CharField("resultado", max_length=10)  # created duplicate rejected blank not_ready
    reason = models.CharField("motivo", max_length=30, blank=True)
    name = models.CharField("nome", max_length=300, blank=True)
    phone = models.CharField("telefone", max_length=20, blank=True)
    kind = models.CharField("tipo", max_length=12, blank=True)
    contactable = models.BooleanField("pode receber", default=False)
    col = models.PositiveSmallIntegerField(null=True)  # 0-based column that the number or the reason came from
    repair = models.JSONField("correções", default=list)
    duplicate_of = models.PositiveIntegerField("repetição da linha", null=True)
    cells = models.JSONField("células", default=list)  # of rejected rows, to give them back as a file

    class Meta:
        verbose_name = "linha importada"
        verbose_name_plural = "linhas importadas"
        constraints = [models.UniqueConstraint(fields=["lead_import", "line"], name="import_row_once")]
        indexes = [  # extraction.selectors.import_rows: one outcome's rows in order
            models.Index(fields=["lead_import", "outcome", "line"], name="import_row_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.line} {self.outcome}"


class Lead(models.Model):
    """One business or person of a list, with where it came from. `phone` is E.164 with the ninth digit: the identity."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="leads", verbose_name="conta")
    list = models.ForeignKey(LeadList, models.CASCADE, related_name="leads", verbose_name="lista")
    name = models.CharField("nome", max_length=300, blank=True)
    phone = models.CharField("telefone", max_length=20, null=True, blank=True)  # noqa: DJ001 - NULL = no phone, unique else
    kind = models.CharField("tipo", max_length=12, blank=True)  # mobile landline foreign
    contactable = models.BooleanField("pode receber", default=False)
    reason = models.CharField("por que não", max_length=30, blank=True)  # of leads that are not contactable
    # builtins.list: here `list` is the lead's list. WhatsApp ids to try at the gateway, in order, digits only.
    wa_candidates = models.JSONField(default=builtins.list, editable=False)
    wa_id = models.CharField("id no WhatsApp", max_length=20, blank=True)  # as the gateway resolved it
    wa_id_checked_at = models.DateTimeField("conferido em", null=True, blank=True)
    city = models.CharField("cidade", max_length=120, blank=True)
    uf = models.CharField("UF", max_length=40, blank=True)
    email = models.CharField("e-mail", max_length=254, blank=True)
    variables = models.JSONField("outras colunas", default=dict, blank=True)
    place_id = models.CharField("id no Google Maps", max_length=200, blank=True)
    source = models.CharField("origem", max_length=12, choices=Source.choices, default=Source.SPREADSHEET)
    lead_import = models.ForeignKey(
        LeadImport, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="importação"
    )
    line = models.PositiveIntegerField("linha", null=True, blank=True)
    created_at = models.DateTimeField("criado em", default=timezone.now)

    class Meta:
        verbose_name = "lead"
        verbose_name_plural = "leads"
        constraints = [
            models.UniqueConstraint(fields=["account", "id"], name="lead_of_account"),
            models.UniqueConstraint(fields=["list", "phone"], name="lead_once_per_phone"),
            models.UniqueConstraint(
                fields=["list", "place_id"],
                condition=Q(phone__isnull=True) & ~Q(place_id=""),
                name="lead_once_per_place",
            ),
            models.CheckConstraint(
                condition=Q(contactable=False) | Q(phone__isnull=False), name="lead_contactable_phone"
            ),
        ]
        indexes = [
            # campaigns.services.audience: a list's leads in file order, and the leads page
            models.Index(fields=["list", "id"], name="lead_by_list"),
            # export and suppression by phone inside the account
            models.Index(fields=["account", "phone"], name="lead_by_phone"),
        ]

    def __str__(self) -> str:
        return self.name or "(sem nome)"
