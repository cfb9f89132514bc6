from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest

from leads_infinitos.portal.proof.books import Account, Campaign, Lane, Ledger, Line, Quota
from leads_infinitos.portal.proof.reconcile import Findings, reconcile
from tests.proof.books import NOON, ledger, line, message

QUIET = {"duplicates": 0, "over_pace": 0, "over_limit": 0, "cross_account": 0, "unexplained": 0}


def faults(found: Findings) -> dict[str, int]:
    return {name: count for name, count in found.faults.items() if count}


def test_two_books_that_agree_hold_no_fault() -> None:
    books = ledger({1: message(1), 2: message(2), 3: message(3, account=2)})

    found = reconcile(books, [line(1), line(2, at_s=1.0), line(3, account=2)])

    assert found.faults == QUIET
    assert found.sends == 3


def test_a_message_that_was_taken_twice_is_a_duplicate() -> None:
    found = reconcile(ledger({1: message(1)}), [line(1), line(1, at_s=60), line(1, at_s=120)])

    assert faults(found) == {"duplicates": 2}


def test_two_messages_of_a_number_closer_than_its_interval_are_over_the_pace() -> None:
    books = ledger({1: message(1), 2: message(2), 3: message(3)}, gap_s=1.0)

    found = reconcile(books, [line(1), line(2, at_s=0.9), line(3, at_s=1.9)])

    assert faults(found) == {"over_pace": 1}


def test_the_pace_is_judged_in_order_of_time_whatever_the_order_of_the_log() -> None:
    books = ledger({1: message(1), 2: message(2)}, gap_s=1.0)

    assert faults(reconcile(books, [line(2, at_s=5), line(1)])) == {}


def test_two_numbers_have_a_pace_each() -> None:
    books = ledger({1: message(1), 2: message(2, account=2)}, gap_s=10)

    assert faults(reconcile(books, [line(1), line(2, account=2, at_s=0.1)])) == {}


def limited(account: Quota | None = None, number: Quota | None = None, campaign: Quota | None = None) -> Ledger:
    """Three sent messages of account 1."""
    books = ledger({pk: message(pk) for pk in (1, 2, 3)})
    other = Quota(None, 0)
    return replace(
        books,
        accounts={1: Account("America/Sao_Paulo", account or Quota(None, 3)), 2: Account("UTC", other)},
        lanes={1: Lane(1, "number-1", 1.0, number or Quota(None, 3)), 2: Lane(2, "number-2", 1.0, other)},
        campaigns={1: Campaign(True, campaign or Quota(None, 3)), 2: Campaign(True, other)},
    )


@pytest.mark.parametrize(
    "books",
    [limited(account=Quota(2, 3)), limited(number=Quota(2, 3)), limited(campaign=Quota(2, 3))],
    ids=["account", "number", "campaign"],
)
def test_more_than_the_limit_of_a_day_is_over_the_limit(books: Ledger) -> None:
    found = reconcile(books, [line(pk, at_s=pk * 60) for pk in (1, 2, 3)])

    assert faults(found) == {"over_limit": 1}


def test_limits_start_again_with_the_local_day() -> None:
    midnight = dt.datetime(2026, 11, 26, 3, 0, tzinfo=dt.UTC)
    books = ledger({pk: message(pk, claimed_at=midnight) for pk in (1, 2)})
    books = replace(
        books,
        messages={
            1: message(1, claimed_at=midnight - dt.timedelta(minutes=5)),
            2: message(2, claimed_at=midnight + dt.timedelta(minutes=5)),
        },
        accounts={**books.accounts, 1: Account("America/Sao_Paulo", Quota(1, 1))},
    )
    after_s = (midnight - NOON).total_seconds()

    assert faults(reconcile(books, [line(1, at_s=after_s - 300), line(2, at_s=after_s + 300)])) == {}
    same_day = replace(books, accounts={**books.accounts, 1: Account("America/Noronha", Quota(1, 1))})
    assert reconcile(same_day, [line(1, at_s=after_s - 300), line(2, at_s=after_s + 300)]).over_limit == 1


def test_a_send_counts_on_the_day_of_its_claim() -> None:
    midnight = dt.datetime(2026, 11, 26, 3, 0, tzinfo=dt.UTC)
    claims = {1: midnight - dt.timedelta(seconds=1), 2: midnight + dt.timedelta(seconds=5)}
    books = ledger({pk: message(pk, claimed_at=at) for pk, at in claims.items()})
    books = replace(books, accounts={**books.accounts, 1: Account("America/Sao_Paulo", Quota(1, 1))})
    after_s = (midnight - NOON).total_seconds()

    assert faults(reconcile(books, [line(1, at_s=after_s + 1), line(2, at_s=after_s + 6)])) == {}


def test_a_text_of_one_account_through_the_number_of_another_is_a_cross() -> None:
    found = reconcile(ledger({1: message(1)}), [line(1, instance="number-2")])

    assert faults(found) == {"cross_account": 1}


UNEXPLAINED: dict[str, Callable[[], tuple[Ledger, list[Line]]]] = {
    "accepted_unknown_text": lambda: (ledger({}), [line(1)]),
    "accepted_for_another_phone": lambda: (ledger({1: message(1)}), [line(1, to="5511988887777")]),
    "accepted_but_queued": lambda: (ledger({1: message(1, status="queued")}), [line(1)]),
    "accepted_but_failed": lambda: (ledger({1: message(1, status="failed")}), [line(1)]),
    "accepted_but_sending": lambda: (ledger({1: message(1, status="sending")}), [line(1)]),
    "sent_but_never_accepted": lambda: (ledger({1: message(1)}), []),
    "sending_for_ever": lambda: (ledger({1: message(1, status="sending")}), []),
    "left_behind": lambda: (ledger({1: message(1, status="queued")}), []),
    "counters_differ": lambda: (ledger({}, wrong_counters=1), []),
}


@pytest.mark.parametrize("why", UNEXPLAINED)
def test_a_row_that_the_other_book_does_not_explain_is_named(why: str) -> None:
    books, lines = UNEXPLAINED[why]()

    found = reconcile(books, lines)

    assert dict(found.why) == {why: 1}
    assert faults(found) == {"unexplained": 1}


def test_a_text_without_an_owner_is_unexplained() -> None:
    found = reconcile(ledger({1: message(1)}), [line(1), line(1, at_s=60, text="Oi!")])

    assert dict(found.why) == {"accepted_unknown_text": 1}


def test_another_number_of_the_same_account_is_unexplained() -> None:
    books = ledger({1: message(1)})
    books = replace(books, lanes={**books.lanes, 2: Lane(1, "number-2", 1.0, Quota(None, 0))})

    assert dict(reconcile(books, [line(1, instance="number-2")]).why) == {"accepted_on_another_number": 1}


def test_a_phone_may_lack_its_ninth_digit_at_the_gateway() -> None:
    books = ledger({1: replace(message(1), phone="+5531987654321")})

    assert faults(reconcile(books, [line(1, to="553187654321")])) == {}


def test_a_message_in_doubt_is_explained_whether_it_arrived_or_not() -> None:
    books = ledger({1: message(1, status="unconfirmed"), 2: message(2, status="unconfirmed")})

    assert faults(reconcile(books, [line(1)])) == {}


@pytest.mark.parametrize("holder", ["account", "number", "campaign"])
def test_a_queued_message_behind_a_spent_limit_is_explained(holder: str) -> None:
    books = limited(**{holder: Quota(3, 3)})
    books = replace(books, messages={**books.messages, 4: message(4, status="queued", claimed_at=None)})

    found = reconcile(books, [line(pk, at_s=pk * 60) for pk in (1, 2, 3)])

    assert faults(found) == {}
    assert books.open_count() == 0


def test_a_queued_message_of_a_paused_campaign_is_explained() -> None:
    books = ledger({1: message(1, status="queued")})
    books = replace(books, campaigns={**books.campaigns, 1: Campaign(False, Quota(None, 0))})

    assert faults(reconcile(books, [])) == {}


def test_quota_that_no_message_used_is_unexplained() -> None:
    found = reconcile(ledger({1: message(1, status="failed")}, used=1), [])

    assert set(found.why) == {"quota_differs"}


def test_nothing_need_be_explained_while_messages_are_on_their_way() -> None:
    books = ledger({1: message(1, status="sending"), 2: message(2, status="queued")}, used=1)

    assert faults(reconcile(books, [line(1)], at_rest=False)) == {}
    assert books.open_count() == 2


def doubtful(*statuses: str) -> Ledger:
    messages = {pk: replace(message(pk, status=status), doubtful=True) for pk, status in enumerate(statuses, 1)}
    return ledger(messages)


def test_the_settled_share_is_over_those_in_doubt_that_the_gateway_holds() -> None:
    books = doubtful("sent", "sent", "sent", "unconfirmed", "unconfirmed")

    found = reconcile(books, [line(pk, at_s=pk * 60) for pk in (1, 2, 3, 4)])

    assert (found.unconfirmed, found.unconfirmed_left, found.settled_share) == (5, 2, 0.75)


def test_without_receipts_there_is_no_settled_share() -> None:
    found = reconcile(replace(doubtful("unconfirmed"), heard_receipts=False), [line(1)])

    assert found.settled_share is None
