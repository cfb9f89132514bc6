from __future__ import annotations

import pytest

from campaigns.domain.opt_out import asks_to_stop


@pytest.mark.parametrize(
    "text",
    [
        *("SAIR", "PARAR", "CANCELAR", "DESCADASTRAR", "REMOVER", "STOP"),
        *("sair", " Sair ", "Sair!", "*SAIR*", "“sair”.", "sáir", "ＳＡＩＲ", "sair 🙏", "\n\tstop\n", "S.A.I.R"),
    ],
)
def test_one_of_the_words_alone_asks_to_stop(text: str) -> None:
    assert asks_to_stop(text)


@pytest.mark.parametrize(
    "text", ["", "oi", "quero sair", "sair sair", "saír já", "parara", "não", "pare", "STOP2", "s a i r", "🙏", "!"]
)
def test_anything_else_does_not(text: str) -> None:
    assert not asks_to_stop(text)
