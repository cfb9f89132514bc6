"""A row and what it points to belong to the same account, and PostgreSQL refuses otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from accounts.models import Account
from campaigns.models import Attempt, CampaignMessage
from tests.campaigns.rows import NOW, make_campaign, make_connection, make_list, make_messages, make_sender

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="composite foreign keys are PostgreSQL's"),
    pytest.mark.django_db,
]


def owned(model: type[models.Model]) -> bool:
    fields = {field.name: field for field in model._meta.local_fields}
    return "account" in fields and fields["account"].related_model is Account


def pairs_of_models() -> Iterator[tuple[str, str, str]]:
    """(table, column, parent's table) of every foreign key of leads and campaigns between rows of tenants."""
    for model in chain(*(apps.get_app_config(app).get_models() for app in ("extraction", "campaigns"))):
        for field in model._meta.local_fields:
            parent = field.related_model
            if not isinstance(field, models.ForeignKey) or parent is None or parent is Account:
                continue
            if owned(model) and owned(parent):
                yield model._meta.db_table, field.column, parent._meta.db_table


def pairs_of_database() -> set[tuple[str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT child.relname, child_column.attname, parent.relname
            FROM pg_constraint key
            JOIN pg_class child ON child.oid = key.conrelid
            JOIN pg_class parent ON parent.oid = key.confrelid
            JOIN pg_attribute child_account ON child_account.attrelid = key.conrelid AND child_account.attnum = key.conkey[1]
            JOIN pg_attribute child_column ON child_column.attrelid = key.conrelid AND child_column.attnum = key.conkey[2]
            JOIN pg_attribute parent_account ON parent_account.attrelid = key.confrelid
              AND parent_account.attnum = key.confkey[1]
            JOIN pg_attribute parent_id ON parent_id.attrelid = key.confrelid AND parent_id.attnum = key.confkey[2]
            WHERE key.contype = 'f' AND cardinality(key.conkey) = 2 AND key.condeferrable AND key.convalidated
              AND child_account.attname = 'account_id' AND parent_account.attname = 'account_id'
              AND parent_id.attname = 'id'
            """
        )
        return {(str(child), str(column), str(parent)) for child, column, parent in cursor.fetchall()}


def test_every_pointer_between_rows_of_tenants_has_its_composite_key() -> None:
    wanted = set(pairs_of_models())
    assert wanted >= {("campaigns_campaignmessage", "connection_id", "campaigns_connection")}
    assert wanted - pairs_of_database() == set()


@contextmanager
def transaction_checked_at_its_end() -> Iterator[None]:
    with transaction.atomic():
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.fixture
def row() -> CampaignMessage:
    """A message of one account, on its own number."""
    account = make_sender()
    number = make_connection(account)
    return make_messages(make_campaign(account, number), number, 1)[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda row, other: CampaignMessage.objects.filter(pk=row.pk).update(connection=make_connection(other)),
        lambda row, other: CampaignMessage.objects.filter(pk=row.pk).update(campaign=make_campaign(other)),
        lambda row, other: CampaignMessage.objects.filter(pk=row.pk).update(account=other),
        lambda row, other: CampaignMessage.objects.filter(pk=row.pk).update(lead=make_list(other, leads=1).leads.get()),
        lambda row, other: Attempt.objects.create(
            account=other, message=row, claim_token="t", started_at=NOW, outcome="unknown"
        ),
    ],
    ids=["number", "campaign", "account", "lead", "attempt"],
)
def test_a_pointer_to_another_accounts_row_is_refused(
    row: CampaignMessage, change: Callable[[CampaignMessage, Account], object]
) -> None:
    other = make_sender()
    with pytest.raises(IntegrityError, match="same_account"), transaction_checked_at_its_end():
        change(row, other)
