"""Every address of the product, every kind of visitor. An address that is missing from the tables fails.

Ana owns the objects; Beto may look at them; Caio belongs to another account and must not learn that they exist.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from campaigns.domain.states import CampaignStatus
from extraction.models import LeadImport, LeadList
from tests.campaigns.rows import make_campaign, make_connection, make_messages
from tests.cast import Cast
from tests.conftest import browser_of
from tests.factories import make_api_token

pytestmark = pytest.mark.django_db

UNSAFE = ("post", "put", "patch", "delete")

# No login: what they give to a stranger is tested where they live.
PUBLIC = {
    "healthz", "readyz", "portal:home",
    "account_login", "account_inactive", "account_logout",
    "account_reset_password", "account_reset_password_done",
    "account_reset_password_from_key", "account_reset_password_from_key_done",
    "billing:hotmart-webhook", "whatsapp-webhook",
}  # fmt: skip

# A member's pages and API addresses without an id: they show the member's own account.
OWN = {
    "portal:dashboard", "portal:plan", "portal:plan-daily",
    "account_change_password", "account_set_password",
    "accounts:account", "accounts:profile", "accounts:settings", "accounts:token_create",
    "extraction:lists", "extraction:list_create", "extraction:import_new",
    "campaigns:list", "campaigns:new", "campaigns:connections", "campaigns:connection-new",
    "api-schema", "api-docs", "api-licence", "api-overview",
    "api-lists-list", "api-imports-list", "api-campaigns-list", "api-connections-list", "api-suppressions-list",
}  # fmt: skip

# What a viewer may change: only what is their own.
VIEWER_MAY_WRITE = {
    "account_change_password", "account_set_password", "accounts:account", "accounts:profile",
    "accounts:token_create", "accounts:token_revoke",
}  # fmt: skip

# Addresses that take an id, with the object it names. Everything else about them is derived.
OBJECTS = {
    "accounts:token_revoke": "token",
    "extraction:list": "list",
    "extraction:list_rename": "list",
    "extraction:list_delete": "list",
    "extraction:import": "import",
    "extraction:import_progress": "import",
    "extraction:import_rejected": "import",
    "extraction:import_undo": "import",
    "extraction:import_retry": "import",
    "campaigns:detail": "campaign",
    "campaigns:edit": "campaign",
    "campaigns:start": "campaign",
    "campaigns:pause": "campaign",
    "campaigns:resume": "campaign",
    "campaigns:cancel": "campaign",
    "campaigns:duplicate": "campaign",
    "campaigns:retry": "campaign",
    "campaigns:delete": "campaign",
    "campaigns:deal": "campaign",
    "campaigns:export": "campaign",
    "campaigns:exclusions": "campaign",
    "campaigns:message-decide": "message",
    "campaigns:connection-check": "connection",
    "campaigns:connection-qr": "connection",
    "campaigns:connection-pace": "connection",
    "campaigns:connection-remove": "connection",
    "api-lists-detail": "list",
    "api-lists-export": "list",
    "api-lists-leads": "list",
    "api-imports-detail": "import",
    "api-imports-rows": "import",
    "api-campaigns-detail": "campaign",
    "api-campaigns-start": "campaign",
    "api-campaigns-pause": "campaign",
    "api-campaigns-resume": "campaign",
    "api-campaigns-cancel": "campaign",
    "api-campaigns-duplicate": "campaign",
    "api-campaigns-retry": "campaign",
    "api-campaigns-deal": "campaign",
    "api-campaigns-messages": "campaign",
    "api-campaigns-stats": "campaign",
    "api-connections-detail": "connection",
    "api-connections-check": "connection",
    "api-connections-qr": "connection",
}


def addresses(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every named address outside Django Admin, which only operators enter."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}", pattern
        elif pattern.namespace != "admin":
            yield from addresses(pattern, f"{space}{pattern.namespace}:" if pattern.namespace else space)


NAMED = dict(addresses(get_resolver()))


@pytest.fixture
def objects(cast: Cast) -> dict[str, int]:
    """One of each, all Ana's."""
    account = cast.ana.account
    lead_list = LeadList.objects.create(account=account, name="Padarias")
    connection = make_connection(account)
    campaign = make_campaign(account, connection, status=CampaignStatus.DRAFT)
    return {
        "token": make_api_token(membership=cast.ana)[0].pk,
        "list": lead_list.pk,
        "import": LeadImport.objects.create(account=account, list=lead_list, upload_name="a.csv", file="a.csv").pk,
        "campaign": campaign.pk,
        "message": make_messages(campaign, connection, 1)[0].pk,
        "connection": connection.pk,
    }


def address(name: str, objects: dict[str, int]) -> str:
    """The address with Ana's ids: `pk` names the object of the table, `campaign_id` and the like their own kind."""
    keys = NAMED[name].pattern.regex.groupindex
    return reverse(
        name, kwargs={key: objects[OBJECTS[name] if key == "pk" else key.removesuffix("_id")] for key in keys}
    )


def test_every_address_stands_in_exactly_one_table() -> None:
    assert set(NAMED) == PUBLIC | OWN | set(OBJECTS)
    assert not PUBLIC & OWN
    assert not (PUBLIC | OWN) & set(OBJECTS)


def test_every_address_that_takes_an_id_is_in_the_table_of_objects() -> None:
    with_ids = {name for name, pattern in NAMED.items() if pattern.pattern.regex.groupindex} - PUBLIC

    assert with_ids == set(OBJECTS)


@pytest.mark.parametrize("name", sorted(OWN | set(OBJECTS)))
def test_a_stranger_is_sent_to_the_login_or_refused(name: str, objects: dict[str, int]) -> None:
    for method in ("get", *UNSAFE):
        answer = getattr(Client(), method)(address(name, objects))

        assert answer.status_code in (302, 401, 403, 405), (method, answer.status_code)
        assert answer.status_code != 302 or answer.headers["Location"].startswith("/login/")


@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_another_account_gets_a_404_by_every_method(name: str, objects: dict[str, int], cast: Cast) -> None:
    browser = browser_of(cast.caio)
    seen = {method: getattr(browser, method)(address(name, objects)).status_code for method in ("get", *UNSAFE)}

    assert 404 in seen.values(), seen
    assert set(seen.values()) <= {404, 405}, seen


@pytest.mark.parametrize("name", sorted((OWN | set(OBJECTS)) - VIEWER_MAY_WRITE))
def test_a_viewer_changes_nothing(name: str, objects: dict[str, int], cast: Cast) -> None:
    browser = browser_of(cast.beto)
    seen = {method: getattr(browser, method)(address(name, objects)).status_code for method in UNSAFE}

    assert set(seen.values()) <= {403, 405}, seen


@pytest.mark.parametrize("name", sorted(set(OBJECTS) - VIEWER_MAY_WRITE))
def test_a_viewer_of_the_account_is_never_told_that_its_object_does_not_exist(
    name: str, objects: dict[str, int], cast: Cast
) -> None:
    assert browser_of(cast.beto).get(address(name, objects)).status_code != 404
