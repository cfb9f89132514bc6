"""What leaves is never a text with a hole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain import render
from campaigns.domain.render import Unrenderable

VALUES = {"nome": "Ana", "cidade": "Recife", "produto_favorito": "pão"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Oi {nome}!", "Oi Ana!"),
        ("Oi {name}!", "Oi Ana!"),
        ("Oi {{nome}}!", "Oi Ana!"),
        ("Oi {{ nome }}!", "Oi Ana!"),
        ("Oi {NOME}!", "Oi Ana!"),
        ("Oi { Nome }!", "Oi Ana!"),
        ("Oi {nome|amigo}!", "Oi Ana!"),
        ("Oi {{nome|amigo}}!", "Oi Ana!"),
        ("{nome} e {nome} em {cidade}", "Ana e Ana em Recife"),
        ("Seu {Produto Favorito}", "Seu pão"),
        ("Sem campo", "Sem campo"),
    ],
)
def test_a_hole_is_filled_however_it_is_written(text: str, wanted: str) -> None:
    assert render.render(text, values=VALUES) == wanted


@pytest.mark.parametrize(
    ("text", "fallback", "wanted"),
    [
        ("Oi {nome|amigo}!", "cliente", "Oi amigo!"),
        ("Oi {nome}!", "cliente", "Oi cliente!"),
        ("Oi {nome}!", "", "Oi!"),
        ("Oi {nome}, tudo bem?", "", "Oi, tudo bem?"),
        ("Oi {nome|}, tudo bem?", "cliente", "Oi, tudo bem?"),
        ("{nome}, tudo bem?", "", "tudo bem?"),
        ("Olá!\n{nome}, tudo bem?", "", "Olá!\ntudo bem?"),
        ("Oi {{name}}!", "cliente", "Oi cliente!"),
    ],
)
@pytest.mark.parametrize("values", [{}, {"nome": ""}, {"nome": "  "}])
def test_an_empty_name_takes_its_own_fallback_then_the_campaigns_else_closes_the_gap(
    text: str, fallback: str, wanted: str, values: dict[str, str]
) -> None:
    assert render.render(text, values=values, name_fallback=fallback) == wanted


def test_another_empty_field_without_a_fallback_is_refused_by_name() -> None:
    with pytest.raises(Unrenderable) as caught:
        render.render("Oi {nome}, de {Bairro Novo}", values=VALUES, name_fallback="x")
    assert (caught.value.code, caught.value.field) == ("blank_placeholder", "bairro_novo")


@pytest.mark.parametrize(
    "text",
    ["Oi {nome", "Oi nome}", "Oi {}", "Oi {{nome}", "Oi {{{nome}}}", "Oi {nome|{cidade}}", "Oi {|x}", "{ }", "}{"],
)
def test_a_loose_brace_is_refused(text: str) -> None:
    with pytest.raises(Unrenderable):
        render.render(text, values=VALUES, name_fallback="x")


def test_a_text_that_comes_out_empty_is_refused() -> None:
    with pytest.raises(Unrenderable) as caught:
        render.render("{nome}", values={})
    assert caught.value.code == "empty_text"


def test_a_name_that_holds_a_brace_counts_as_no_name() -> None:
    values = {"nome": "{cidade}", "cidade": "Recife"}
    assert render.render("Oi {nome}!", values=values, name_fallback="amiga") == "Oi amiga!"


def test_a_column_that_holds_a_brace_leaves_its_hole_blank() -> None:
    with pytest.raises(Unrenderable) as caught:
        render.render("Oi, vi a {loja}", values={"loja": "{Olá|Oi} Loja"})
    assert (caught.value.code, caught.value.field) == ("blank_placeholder", "loja")


@given(
    text=st.text(alphabet="ab{}| \nnome", max_size=30),
    value=st.text(alphabet="ab {}", max_size=5),
    fallback=st.text(alphabet="x{}", max_size=3),
)
def test_no_brace_is_ever_sent(text: str, value: str, fallback: str) -> None:
    try:
        sent = render.render(text, values={"nome": value, "a": value, "b": value}, name_fallback=fallback)
    except Unrenderable:
        return
    assert "{" not in sent
    assert "}" not in sent
    assert sent.strip()


def test_the_columns_of_a_list_never_hide_the_standard_fields() -> None:
    values = render.lead_values(name="Ana", city="", uf="PE", email="", variables={"Nome": "outra", "Cidade": "Olinda"})
    assert (values["nome"], values["cidade"], values["uf"]) == ("Ana", "Olinda", "PE")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", [("empty_text", "")]),
        ("x" * 11, [("text_too_long", "")]),
        ("Oi {nome", [("leftover_brace", "")]),
        ("Oi {apelido} {Apelido}", [("unknown_field", "apelido")]),
        ("Oi {Cor Preferida}", []),
        ("Oi {nome}{uf}", []),
    ],
)
def test_the_problems_of_a_text_are_named_before_it_is_used(text: str, wanted: list[tuple[str, str]]) -> None:
    problems = render.check_texts(
        ["ok", text], known=["cor preferida"], limit=max(len(text) if "x" not in text else 10, 2)
    )
    assert [(one.variation, one.code, one.field) for one in problems] == [(1, *problem) for problem in wanted]
