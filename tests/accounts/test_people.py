from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection

from accounts.errors import UnknownTimeZone
from accounts.models import Account, Membership, Role, User
from accounts.selectors import find_membership
from accounts.services import people
from tests.factories import NOW, make_account, make_membership, make_user


def create(email: str = "dona@example.com", password: str | None = None) -> Membership:
    return people.create_account_with_owner(
        email=email, name="Dona Maria", account_name="Flores", now=NOW, password=password
    )


@pytest.mark.django_db
def test_a_buyer_gets_a_user_and_an_account_of_their_own() -> None:
    membership = create("Dona@Example.com")

    assert membership.role == Role.OWNER
    assert membership.account.name == "Flores"
    assert membership.user.email == "dona@example.com"
    assert not membership.user.has_usable_password()


@pytest.mark.django_db
def test_asking_again_in_another_case_gives_the_same_account() -> None:
    assert create("dona@example.com") == create("DONA@example.com")
    assert (User.objects.count(), Account.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_a_known_person_keeps_name_and_password() -> None:
    user = make_user(email="dona@example.com", name="Maria")
    create("dona@example.com", password="tentativa de troca")
    user.refresh_from_db()

    assert user.name == "Maria"
    assert not user.check_password("tentativa de troca")


@pytest.mark.django_db
def test_a_password_fills_an_empty_one() -> None:
    create()

    assert create(password="uma frase nova").user.check_password("uma frase nova")


@pytest.mark.django_db
def test_a_viewer_elsewhere_who_buys_lands_in_their_own_account() -> None:
    elsewhere = make_membership(role=Role.VIEWER, created_at=NOW - dt.timedelta(days=30))
    own = create(elsewhere.user.email)

    assert own.account != elsewhere.account
    assert find_membership(own.user) == own


@pytest.mark.django_db
def test_a_member_of_two_accounts_lands_in_the_older() -> None:
    older = make_membership()
    make_membership(user=older.user)

    assert find_membership(older.user) == older


@pytest.mark.django_db
def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(UnknownTimeZone):
        people.update_account(
            account=make_account(), name="X", time_zone="Brasil/Capital", frequency_cap_days=7, now=NOW
        )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_known", [False, True])
def test_several_events_of_one_buyer_at_once_make_one_account(is_known: bool) -> None:
    if is_known:
        make_user(email="dona@example.com")
    together = threading.Barrier(4)
    made: list[int] = []

    def buy() -> None:
        together.wait()
        try:
            made.append(create().pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=buy) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(made) == 4
    assert len(set(made)) == 1
    assert Account.objects.count() == 1
