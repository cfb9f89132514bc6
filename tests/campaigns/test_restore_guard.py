"""A database that was restored or copied sends nothing until an operator confirms it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DatabaseError, connection
from django.test import override_settings

from campaigns.domain.restoring import UNREAD, Stop, differing, judge
from campaigns.domain.states import CampaignStatus
from campaigns.errors import NothingToConfirm, WitnessSilent
from campaigns.gateways.witness import FileWitness, RedisWitness, Witness, WitnessUnreachable, witness_at
from campaigns.models import Campaign, Connection, Installation, SendLane
from campaigns.services import lifecycle, restore_guard
from tests.campaigns.engine import SECOND, answer, claim, record
from tests.campaigns.rows import NOW, make_campaign, make_connection, make_messages, make_sender

HERE = {"installation": "a", "server": "1", "database": "2"}


def test_a_database_that_never_sent_is_new() -> None:
    assert judge(ledger=0, witness=None, confirmed={}, present=HERE).is_new
    assert judge(ledger=0, witness=None, confirmed=HERE, present=HERE).is_new
    assert judge(ledger=0, witness=0, confirmed={}, present=HERE).is_new


@pytest.mark.parametrize(
    ("ledger", "witness", "confirmed", "stop"),
    [
        (7, 7, HERE, None),
        (9, 7, HERE, None),  # raised here and not yet there
        (0, 0, HERE, None),
        (6, 7, HERE, Stop.BEHIND),
        (0, 7, {}, Stop.BEHIND),
        (6, 7, {**HERE, "server": "9"}, Stop.BEHIND),
        (7, None, HERE, Stop.WITNESS_MISSING),
        (7, 7, {**HERE, "server": "9"}, Stop.COPIED),
        (7, 7, {**HERE, "installation": "b"}, Stop.COPIED),
        (7, 7, {}, Stop.COPIED),
    ],
)
def test_the_guard_stops_what_is_behind_elsewhere_or_without_a_witness(
    ledger: int, witness: int | None, confirmed: dict[str, str], stop: Stop | None
) -> None:
    verdict = judge(ledger=ledger, witness=witness, confirmed=confirmed, present=HERE)

    assert (verdict.stop, verdict.is_new) == (stop, False)
    assert verdict.may_send is (stop is None)
    assert verdict.behind == (witness or 0) - ledger if stop is Stop.BEHIND else verdict.behind == 0


def test_what_one_of_both_could_not_read_is_not_compared() -> None:
    assert differing({**HERE, "server": UNREAD}, HERE) == ()
    assert differing(HERE, {**HERE, "server": UNREAD}) == ()
    assert differing({**HERE, "server": "9", "database": "9"}, HERE) == ("database", "server")


@pytest.fixture(params=["file", "redis"])
def witness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Witness]:
    if request.param == "file":
        yield witness_at(f"file://{tmp_path}/deep", installation="a/b", random_id="r1")
        return
    if not settings.REDIS_URL:
        pytest.skip("no Redis here")
    made = witness_at(settings.REDIS_URL, installation="a/b", random_id=tmp_path.name)
    assert isinstance(made, RedisWitness)
    yield made
    made.forget()


def test_a_witness_only_goes_up(witness: Witness) -> None:
    assert witness.read() is None
    seen = []
    for mark in (0, 5, 3, 12, 12, 9):
        witness.raise_to(mark)
        seen.append(witness.read())
    assert seen == [0, 5, 5, 12, 12, 12]


def test_the_name_of_a_witness_holds_installation_and_database(tmp_path: Path) -> None:
    witness_at(f"file://{tmp_path}", installation="a/b", random_id="r1").raise_to(1)
    assert [path.name for path in tmp_path.iterdir()] == ["leads-witness-a%2Fb-r1"]


def test_a_witness_that_says_nothing_readable_is_no_witness(tmp_path: Path) -> None:
    (tmp_path / "w").write_text("not a number")
    with pytest.raises(WitnessUnreachable):
        FileWitness(tmp_path / "w").read()
    with pytest.raises(WitnessUnreachable):
        FileWitness(tmp_path / "w" / "below-a-file").raise_to(1)
    with pytest.raises(WitnessUnreachable):
        witness_at("redis://127.0.0.1:9/1", installation="", random_id="r").read()


def make_pile(messages: int = 3) -> tuple[Campaign, Connection]:
    account = make_sender()
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, messages)
    return campaign, connection


def send_one(now: dt.datetime) -> None:
    (taken,) = claim(now)
    record(answer(taken))


def go_back(sends: int) -> None:
    """The database as it was so many sends ago, as far as its mark says."""
    row = Installation.objects.get()
    Installation.objects.update(ledger_mark=row.ledger_mark - sends)


@pytest.mark.django_db
def test_a_new_installation_sends_and_leaves_a_witness(witness_folder: Path) -> None:
    make_pile()

    send_one(NOW)
    send_one(NOW + 2 * SECOND)

    row = Installation.objects.get()
    assert row.ledger_mark == 2
    assert row.fingerprint == restore_guard.fingerprint()
    assert [path.read_text() for path in witness_folder.iterdir()] == ["2\n"]
    assert row.random_id in next(witness_folder.iterdir()).name


@pytest.mark.django_db
def test_a_claim_that_takes_nothing_raises_nothing(witness_folder: Path) -> None:
    assert claim() == []
    assert [path.read_text() for path in witness_folder.iterdir()] == ["0\n"]


@pytest.mark.django_db
def test_a_database_behind_its_witness_sends_nothing_and_says_how_far() -> None:
    make_pile()
    send_one(NOW)
    go_back(1)

    assert claim(NOW + 2 * SECOND) == []
    verdict = restore_guard.look()
    assert (verdict.stop, verdict.behind, verdict.needs_operator) == (Stop.BEHIND, 1, True)


@pytest.mark.django_db
def test_a_copy_elsewhere_sends_nothing() -> None:
    make_pile()
    send_one(NOW)
    Installation.objects.update(fingerprint={**restore_guard.fingerprint(), "server": "another"})

    assert claim(NOW + 2 * SECOND) == []
    assert (restore_guard.look().stop, restore_guard.look().changed) == (Stop.COPIED, ("server",))


@pytest.mark.django_db
def test_another_installation_finds_no_witness_of_its_own() -> None:
    make_pile()
    send_one(NOW)
    with override_settings(INSTALLATION_ID="staging"):
        assert claim(NOW + 2 * SECOND) == []
        assert restore_guard.look().stop is Stop.WITNESS_MISSING


@pytest.mark.django_db
def test_a_witness_that_vanished_stops_sending(witness_folder: Path) -> None:
    make_pile()
    send_one(NOW)
    for path in witness_folder.iterdir():
        path.unlink()

    assert claim(NOW + 2 * SECOND) == []
    assert restore_guard.look().stop is Stop.WITNESS_MISSING


@pytest.mark.django_db
def test_a_row_that_was_taken_away_does_not_make_a_new_installation() -> None:
    make_pile()
    send_one(NOW)
    Installation.objects.all().delete()

    assert claim(NOW + 2 * SECOND) == []
    assert restore_guard.look().stop is Stop.WITNESS_MISSING


@pytest.mark.django_db
def test_while_the_witness_is_silent_nothing_leaves_and_nobody_can_confirm(witness_folder: Path) -> None:
    make_pile()
    send_one(NOW)
    (path,) = witness_folder.iterdir()
    held = path.read_text()
    path.write_text("?")

    assert claim(NOW + 2 * SECOND) == []
    assert not restore_guard.look().needs_operator
    with pytest.raises(WitnessSilent):
        restore_guard.confirm(by=None, now=NOW)

    path.write_text(held)
    send_one(NOW + 4 * SECOND)


@pytest.mark.django_db
def test_a_mark_that_cannot_be_raised_keeps_back_no_claimed_message(monkeypatch: pytest.MonkeyPatch) -> None:
    make_pile()

    def refuse(*_: object) -> None:
        raise WitnessUnreachable

    send_one(NOW)
    monkeypatch.setattr(FileWitness, "raise_to", refuse)
    restore_guard.raise_mark(1)

    assert restore_guard.look().may_send  # the database knows more than the witness: nothing was lost


@pytest.mark.django_db
@pytest.mark.parametrize("lost", ["behind", "copied", "missing"])
def test_confirming_pauses_what_runs_or_is_scheduled_and_lets_the_rest_go_on(lost: str, witness_folder: Path) -> None:
    running, connection = make_pile()
    scheduled = make_campaign(running.account, connection, status="scheduled", starts_at=NOW + SECOND)
    draft = make_campaign(running.account, connection, status="draft")
    send_one(NOW)
    if lost == "behind":
        go_back(1)
    elif lost == "copied":
        Installation.objects.update(fingerprint={**restore_guard.fingerprint(), "database": "another"})
    else:
        next(witness_folder.iterdir()).unlink()
    SendLane.objects.update(wake_at=None)

    done = restore_guard.confirm(by=None, now=NOW + 2 * SECOND)

    assert (done.paused, done.verdict.behind) == (2, int(lost == "behind"))
    states = {row.pk: (row.status, row.pause_reason) for row in Campaign.objects.all()}
    assert states == {
        running.pk: ("paused", "restored"),
        scheduled.pk: ("paused", "restored"),
        draft.pk: ("draft", ""),
    }
    assert restore_guard.look().may_send
    assert Installation.objects.get().confirmed_behind == int(lost == "behind")
    assert SendLane.objects.get().wake_at == NOW + 2 * SECOND
    assert claim(NOW + 3 * SECOND) == []
    lifecycle.resume_campaign(campaign=running, now=NOW + 3 * SECOND)
    send_one(NOW + 3 * SECOND)


@pytest.mark.django_db
def test_a_confirmation_that_fails_lets_nothing_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    running, _ = make_pile()
    send_one(NOW)
    go_back(1)

    def fail() -> None:
        raise DatabaseError

    monkeypatch.setattr(restore_guard, "_pause_everything", fail)
    with pytest.raises(DatabaseError):
        restore_guard.confirm(by=None, now=NOW)

    assert restore_guard.look().stop is Stop.BEHIND
    running.refresh_from_db()
    assert running.status == CampaignStatus.RUNNING


@pytest.mark.django_db
def test_a_database_that_may_send_has_nothing_to_confirm() -> None:
    make_pile()
    with pytest.raises(NothingToConfirm):
        restore_guard.confirm(by=None, now=NOW)
    send_one(NOW)
    with pytest.raises(NothingToConfirm):
        restore_guard.confirm(by=None, now=NOW)


@pytest.mark.django_db
def test_the_fingerprint_names_the_place_of_the_database() -> None:
    parts = restore_guard.fingerprint()
    assert set(parts) == {"installation", "server", "database"}
    assert parts["database"].isdigit()
    assert UNREAD not in parts.values()


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no roles")
def test_a_role_that_may_not_read_the_servers_identity_is_told_by_its_database() -> None:
    restore_guard._server.cache_clear()
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE leads_poor NOLOGIN")
        cursor.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
        cursor.execute("SET LOCAL ROLE leads_poor")
        try:
            server, database = restore_guard._server("here")
        finally:
            cursor.execute("RESET ROLE")
            restore_guard._server.cache_clear()
    assert server == UNREAD
    assert database.isdigit()
