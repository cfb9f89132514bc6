from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.template import Context, Template
from heroicons.templatetags.heroicons import heroicon_mini

from billing.models import LicenceState
from campaigns.domain.states import CampaignStatus, MessageStatus, ReceiptStatus
from campaigns.models import ConnectionState
from extraction.models import LeadImport
from leads_infinitos.portal import vocabulary


def render(source: str, **values: Any) -> str:
    return Template("{% load portal %}" + source).render(Context(values))


def test_a_phone_is_shown_as_people_write_it() -> None:
    assert render("{{ phone|phone }}", phone="+5511987654321") == "(11) 98765-4321"
    assert render("{{ phone|phone }}", phone=None) == "—"


def test_a_status_has_an_icon_a_word_and_a_colour() -> None:
    shown = render('{% chip "campaign" "running" %}')

    assert "<svg" in shown
    assert "Em andamento" in shown
    assert "chip-info" in shown


def test_a_strange_status_is_shown_rather_than_breaking_the_page() -> None:
    assert "exploded" in render('{% chip "campaign" "exploded" %}')


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("campaign", CampaignStatus),
        ("message", MessageStatus),
        ("receipt", ReceiptStatus),
        ("connection", ConnectionState.values),
        ("import", LeadImport.Status.values),
        ("licence", LicenceState.values),
    ],
)
def test_every_status_of_the_product_has_a_word(kind: str, codes: Any) -> None:
    assert {str(code) for code in codes} <= set(vocabulary.STATUSES[kind])


def test_every_icon_of_the_vocabulary_exists() -> None:
    for statuses in vocabulary.STATUSES.values():
        for status in statuses.values():
            assert "<svg" in heroicon_mini(status.icon)


def test_every_tone_has_its_colour() -> None:
    css = Path("static/css/components/chip.css").read_text()
    tones = {status.tone for statuses in vocabulary.STATUSES.values() for status in statuses.values()}

    assert all(f".chip-{tone}" in css for tone in tones - {"idle"})


def test_every_part_of_a_bar_has_its_colour() -> None:
    css = Path("static/css/components/bar.css").read_text()

    assert all(f".bar-{key}" in css and f".key-{key}" in css for key in vocabulary.BAR_PARTS)


def test_a_stacked_bar_draws_its_parts_one_after_the_other_without_inline_style() -> None:
    shown = render("{% stacked_bar 200 sent=100 failed=50 skipped=0 %}")

    assert 'class="bar-sent" x="0.000%" width="50.000%"' in shown
    assert 'class="bar-failed" x="50.000%" width="25.000%"' in shown
    assert "bar-skipped" not in shown
    assert "style=" not in shown
    assert "200 no total: 100 enviadas, 50 falharam" in shown


def test_an_empty_bar_is_no_division_by_zero() -> None:
    assert "0 no total: nada ainda" in render("{% stacked_bar 0 sent=0 %}")


@pytest.mark.parametrize(("value", "tone"), [(84, "ok"), (85, "warn"), (100, "bad"), (120, "bad")])
def test_a_meter_warns_before_the_limit(value: int, tone: str) -> None:
    assert f'class="bar-{tone}"' in render('{% meter value 100 label="Mensagens" %}', value=value)


def test_a_moment_carries_its_full_date_on_hover() -> None:
    moment = dt.datetime(2020, 3, 10, 15, 0, tzinfo=dt.UTC)
    shown = render("{% when moment %}", moment=moment)

    assert 'datetime="2020-03-10T15:00:00+00:00"' in shown
    assert 'title="10/03/2020 12:00, horário de Brasília"' in shown


def test_no_moment_is_a_dash() -> None:
    assert render("{% when moment %}{% countdown moment %}", moment=None) == "——"


def test_an_icon_is_silent_unless_it_has_a_meaning() -> None:
    assert 'aria-hidden="true"' in render('{% icon "home" %}')
    assert 'aria-label="fechar"' in render('{% icon "x-mark" label="fechar" %}')


def test_a_tile_without_a_value_shows_a_dash_and_its_note_is_escaped() -> None:
    shown = render('{% include "components/tile.html" with label="X" note=note %}', note="<b>", value=None)

    assert "—" in shown
    assert "&lt;b&gt;" in shown
