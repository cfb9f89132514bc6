"""A small dental clinic in the middle of its work: what the pictures show."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from django.utils import timezone

from accounts.models import Account, Membership
from billing.models import SendAllowance
from billing.services import plans
from campaigns.models import (
    Campaign,
    CampaignExclusion,
    CampaignLane,
    CampaignMessage,
    Connection,
    SendLane,
    UsageDay,
    Variation,
)
from extraction.models import Lead, LeadList
from leads_infinitos.kernel.clock import local_day
from tests.factories import make_account, make_membership, make_user

OWNER = "ana@sorrisobelavista.com.br"
NAMES = """Padaria Sol|Mercado Bom Preço|Academia Corpo Leve|Pet Shop Amigo Fiel|Studio Jéssica Lima|Auto Peças Rocha
Clínica Vida|Restaurante Dona Zefa|Escola Pequeno Príncipe|Farmácia São José|Salão Toque Final|Ótica Visão Clara
Floricultura Jardim|Barbearia do Léo|Sorveteria Gelato Mio|Advocacia Prado & Nunes|Lavanderia Água Limpa
Papelaria Criativa|Imobiliária Novo Lar|Hotel Beira-Mar""".replace("\n", "|").split("|")
TEXTS = (
    "Oi {nome}, tudo bem? É da Sorriso Bela Vista 😊\nEste mês a limpeza sai por R$ 89 para empresas do bairro. Posso contar?",
    "Olá {nome}! Sua equipe sorrindo mais: temos convênio para empresas da Bela Vista, sem taxa. Quer ver os valores?",
    "Bom dia, {nome}. Somos vizinhos! Que tal uma avaliação gratuita esta semana?",
)


def seed() -> dict[str, str]:
    """Fill the database; gives the pages to picture, by name."""
    rng = random.Random(7)
    now = timezone.now()
    ana = make_membership(
        account=make_account(name="Sorriso Bela Vista"), user=make_user(email=OWNER, name="Ana Souza")
    )
    plans.change_plan(account=ana.account, plan="pro", until=now + dt.timedelta(days=22), reason="x", by=None, now=now)
    lists = [
        _list(ana.account, name, count, rng)
        for name, count in (("Bela Vista: comércios", 240), ("Feira de outubro", 64))
    ]
    shop = _connection(ana.account, "Recepção", "+5511987654321", used=21, now=now)
    sales = _connection(ana.account, "Vendas", "+5511912345678", used=14, now=now, gap=(600, 1200))
    running = _campaign(ana, "Limpeza de novembro", "running", [shop, sales], lists[0], now=now)
    _messages(running, [shop, sales], rng, sent=148, failed=3, invalid=9, unconfirmed=2, skipped=6, queued=71, now=now)
    done = _campaign(
        ana, "Volta às aulas", "finished", [shop], lists[1], now=now - dt.timedelta(days=9), closed_deals=6
    )
    _messages(done, [shop], rng, sent=52, failed=1, invalid=4, unconfirmed=0, skipped=3, queued=0, now=now)
    paused = _campaign(ana, "Clareamento", "paused", [sales], lists[1], now=now - dt.timedelta(days=2))
    _messages(paused, [sales], rng, sent=18, failed=0, invalid=1, unconfirmed=0, skipped=0, queued=41, now=now)
    draft = _campaign(ana, "Natal: convênio para empresas", "draft", [shop], lists[0], now=now)
    _campaign(
        ana, "Aparelho ortodôntico", "scheduled", [sales], lists[0], now=now, starts_at=now + dt.timedelta(hours=19)
    )
    for age in range(30):
        day = local_day(now, ana.account.time_zone) - dt.timedelta(days=age)
        if day.weekday() < 5:
            counts = {"sent": rng.randint(22, 58), "failed": rng.randint(0, 3), "invalid": rng.randint(0, 4)}
            UsageDay.objects.create(account=ana.account, day=day, campaign_ref=running.pk, **counts)
    SendAllowance.objects.filter(account=ana.account).update(
        used_on=local_day(now, ana.account.time_zone), used_count=35
    )
    return {
        "entrance": "/login/",
        "dashboard": "/dashboard/",
        "leads": "/leads/",
        "leads-list": f"/leads/{lists[0].pk}/",
        "leads-import": "/leads/import/",
        "campaigns": "/campaigns/",
        "campaign": f"/campaigns/{running.pk}/",
        "campaign-finished": f"/campaigns/{done.pk}/",
        "campaign-new": "/campaigns/new/",
        "campaign-edit": f"/campaigns/{draft.pk}/edit/",
        "campaign-exclusions": f"/campaigns/{running.pk}/exclusions/",
        "connections": "/connections/",
        "connection-new": "/connections/new/",
        "connection-pace": f"/connections/{sales.pk}/pace/",
        "plan": "/plan/",
        "account": "/account/",
    }


def _list(account: Account, name: str, count: int, rng: random.Random) -> LeadList:
    row = LeadList.objects.create(
        account=account, name=name, lead_count=count, contactable_count=count, variable_keys=["bairro", "categoria"]
    )
    Lead.objects.bulk_create(
        Lead(
            account=account,
            list=row,
            name=f"{rng.choice(NAMES)} {index}" if index > 19 else NAMES[index],
            phone=f"+5511{rng.randint(91, 99)}{rng.randint(1_000_000, 9_999_999)}",
            contactable=True,
            wa_candidates=[],
            city="São Paulo",
            uf="SP",
            variables={"bairro": "Bela Vista", "categoria": "Comércio"},
        )
        for index in range(count)
    )
    return row


def _connection(
    account: Account, name: str, phone: str, *, used: int, now: dt.datetime, gap: tuple[int, int] = (300, 600)
) -> Connection:
    row = Connection.objects.create(
        account=account,
        name=name,
        base_url="https://apistart02.megaapi.com.br",
        instance_key=f"megastart-{name}",
        token="x",
        vendor_digest=name,
        phone=phone,
        state="connected",
        state_since=now - dt.timedelta(days=3, hours=4),
        checked_at=now - dt.timedelta(seconds=40),
    )
    SendLane.objects.create(
        account=account,
        connection=row,
        host="apistart02.megaapi.com.br",
        not_before=now + dt.timedelta(seconds=170),
        wake_at=now + dt.timedelta(seconds=170),
        gap_min_s=gap[0],
        gap_max_s=gap[1],
        used_on=local_day(now, account.time_zone),
        used_count=used,
    )
    return row


def _campaign(
    ana: Membership,
    name: str,
    status: str,
    connections: list[Connection],
    chosen: LeadList,
    *,
    now: dt.datetime,
    **more: Any,
) -> Campaign:
    started = {"started_at": now - dt.timedelta(hours=27)} if status in ("running", "paused", "finished") else {}
    finished = {"finished_at": now - dt.timedelta(hours=2)} if status == "finished" else {}
    values = {"window": [[[0, 1440]]] * 7, "audience_ready_at": now, "closed_deals": 3, "name_fallback": "tudo bem"}
    campaign = Campaign.objects.create(
        account=ana.account,
        name=name,
        status=status,
        created_by=ana.user,
        created_at=now - dt.timedelta(days=3),
        **{**values, **started, **finished, **more},
    )
    for index, body in enumerate(TEXTS):
        Variation.objects.create(campaign=campaign, position=index, body=body)
    for connection in connections:
        CampaignLane.objects.create(account=ana.account, campaign=campaign, lane=connection.lane)
    campaign.campaign_lists.create(account=ana.account, list=chosen, position=0)
    if status == "running":
        reasons = ["landline"] * 5 + ["duplicate_in_campaign"] * 3
        for lead, reason in zip(chosen.leads.order_by("-pk"), reasons, strict=False):
            CampaignExclusion.objects.create(account=ana.account, campaign=campaign, lead=lead, reason=reason)
        Campaign.objects.filter(pk=campaign.pk).update(excluded_count=len(reasons))
    return campaign


REASONS = {
    "failed": ("bad_request", "not_connected"),
    "invalid": ("not_on_whatsapp",),
    "unconfirmed": ("timeout", "lease_lost"),
    "skipped": ("contacted_recently", "suppressed_opt_out"),
}


def _messages(
    campaign: Campaign, connections: list[Connection], rng: random.Random, *, now: dt.datetime, **counts: int
) -> None:
    """Messages of every outcome, with the receipts of a usual day, counted as the engine counts them."""
    outcomes = [name for name in counts for _ in range(counts[name])]
    variations, rows = list(campaign.variations.all()), []
    for index, outcome in enumerate(outcomes):
        sent = outcome == "sent"
        receipt = rng.choices(["server", "delivered", "read"], [1, 4, 6])[0] if sent else "none"
        name = NAMES[index % len(NAMES)]
        rows.append(
            CampaignMessage(
                account_id=campaign.account_id,
                campaign=campaign,
                connection=connections[index % len(connections)],
                variation=variations[index % 3],
                position=index if not sent else index + 1000,
                name=name,
                phone=f"+5511{rng.randint(91, 99)}{rng.randint(1_000_000, 9_999_999)}",
                body=TEXTS[index % 3].replace("{nome}", name),
                status="failed" if outcome == "invalid" else outcome,
                reason=rng.choice(REASONS.get(outcome, ("",))),
                receipt=receipt,
                sent_at=now - dt.timedelta(minutes=7 * index) if sent else None,
            )
        )
    CampaignMessage.objects.bulk_create(rows)
    receipts = [row.receipt for row in rows]
    read, delivered = receipts.count("read"), receipts.count("read") + receipts.count("delivered")
    values = {f"{name}_count": count for name, count in counts.items()}
    values |= {
        "audience_count": len(rows),
        "read_count": read,
        "delivered_count": delivered,
        "replied_count": read // 3,
    }
    Campaign.objects.filter(pk=campaign.pk).update(**values, last_sent_at=now - dt.timedelta(minutes=4))
