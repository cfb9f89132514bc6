"""The people of the tests: Ana owns Padaria Sol, Beto may only look at it, Caio owns an account of his own."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Membership, Role
from tests.factories import make_account, make_membership, make_user


@dataclass(frozen=True)
class Cast:
    ana: Membership
    beto: Membership
    caio: Membership


def make_cast() -> Cast:
    """The three, with `factories.PASSWORD` as their password."""
    padaria = make_account(name="Padaria Sol")
    mercado = make_account(name="Mercado Lua")
    ana = make_user(email="ana@padariasol.com.br", name="Ana Souza")
    beto = make_user(email="beto@padariasol.com.br", name="Beto Lima")
    caio = make_user(email="caio@mercadolua.com.br", name="Caio Reis")
    return Cast(
        ana=make_membership(account=padaria, user=ana),
        beto=make_membership(account=padaria, user=beto, role=Role.VIEWER),
        caio=make_membership(account=mercado, user=caio),
    )
