"""The messages of a campaign as CSV, streamed, in the form that Excel opens in Brazil (semicolons, UTF-8 with a mark)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from accounts.access import AccountRequest, member_required
from campaigns import texts
from campaigns.access import access_campaign
from campaigns.models import Campaign, CampaignMessage
from campaigns.selectors.messages import export_rows
from leads_infinitos.kernel.phone import format_national

HEADER = ("Nome", "Telefone", "Situação", "Recibo", "Motivo", "Enviada em", "Número", "Variação", "Mensagem")
# A spreadsheet program runs a cell that begins with one of these as a formula.
RISKY = ("=", "+", "-", "@", "\t", "\r")


@require_GET
@member_required
def campaign_export(request: AccountRequest, campaign_id: int) -> HttpResponseBase:
    campaign = access_campaign(request.membership, campaign_id)
    answer = StreamingHttpResponse(
        _lines(campaign, request.membership.account.time_zone), content_type="text/csv; charset=utf-8"
    )
    name = slugify(campaign.name) or f"campanha-{campaign.pk}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _lines(campaign: Campaign, time_zone: str) -> Iterator[str]:
    writer = csv.writer(_Echo(), delimiter=";")
    statuses = dict(CampaignMessage._meta.get_field("status").flatchoices)
    receipts = dict(CampaignMessage._meta.get_field("receipt").flatchoices)
    zone = ZoneInfo(time_zone)
    yield "\ufeff"
    yield writer.writerow(HEADER)
    for row in export_rows(campaign=campaign):
        variation = row["variation__position"]
        cells = (
            row["name"],
            format_national(row["phone"]),
            statuses.get(row["status"], row["status"]),
            receipts.get(row["receipt"], row["receipt"]),
            texts.reason(row["reason"]),
            f"{row['sent_at'].astimezone(zone):%d/%m/%Y %H:%M:%S}" if row["sent_at"] else "",
            row["connection__name"],
            "" if variation is None else str(variation + 1),
            row["body"],
        )
        yield writer.writerow([_harmless(str(cell)) for cell in cells])


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(RISKY) else cell
