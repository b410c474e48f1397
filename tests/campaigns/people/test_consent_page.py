"""The page of consent: records found, added, withdrawn, and taken along as a file."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.test import Client

from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from campaigns.models import Consent, Contact
from campaigns.people import contacts
from tests import factories
from tests.campaigns.people.test_contact_pages import at, text
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db
ROSA, ANA = "+12085550142", "+12085550143"


@pytest.fixture
def browser(sign_in: SignIn, member: User) -> Client:
    return sign_in(member)


@pytest.fixture
def records(tenant: Tenant, owner: User) -> list[Consent]:
    """Rosa agreed for this purpose and took it back; Ana agreed in writing, and is no contact."""
    given = datetime(2026, 1, 8, 18, tzinfo=UTC)
    with tenant_transaction(tenant):
        Contact.objects.create(e164=ROSA, name="Rosa Delgado")
        rosa = contacts.give_consent(ROSA, tier="express", source="=patient form", given_at=given, by=owner)
        ana = contacts.give_consent(ANA, tier="written", source="contract", given_at=given, evidence="Drawer 3")
        return [contacts.revoke_consent(rosa.pk, how="By mail"), ana]


def test_each_record_says_who_to_what_by_which_proof_and_how_it_ended(
    browser: Client, tenant: Tenant, records: list[Consent]
) -> None:
    page = text(browser.get(at("consent", tenant))).replace("\xa0", " ")

    assert "2 records" in page
    assert "Rosa Delgado (208) 555-0142 Gave the number for this purpose" in page
    assert "Nobody in your contacts (208) 555-0143 In writing, to automated sales calls contract" in page
    assert "Drawer 3" in page
    assert "By mail" in page


@pytest.mark.parametrize("narrow", [{"state": "holds"}, {"tier": "written"}, {"search": "0143"}])
def test_records_are_narrowed_by_state_kind_and_number(
    browser: Client, tenant: Tenant, records: list[Consent], narrow: dict[str, str]
) -> None:
    page = text(browser.get(at("consent", tenant), narrow))

    assert "Drawer 3" in page
    assert "Rosa Delgado" not in page


def test_an_empty_page_says_what_it_is_for(browser: Client, tenant: Tenant) -> None:
    assert "No consent on record" in text(browser.get(at("consent", tenant)))
    assert "Nothing matches" in text(browser.get(at("consent", tenant), {"search": "999"}))


def test_consent_is_recorded_for_a_number_as_people_write_it(browser: Client, tenant: Tenant, member: User) -> None:
    typed = {"e164": "(208) 555-0142", "tier": "express", "source": "By phone", "day": str(factories.today(tenant))}

    browser.post(at("consent", tenant), typed)

    with tenant_transaction(tenant):
        record = Consent.objects.get()
    assert (str(record.e164), record.source, record.created_by_id) == (ROSA, "By phone", member.pk)


@pytest.mark.parametrize(
    ("wrong", "words"), [({"e164": "twelve"}, "not a phone number"), ({"day": "2999-01-01"}, "still to come")]
)
def test_what_cannot_be_recorded_is_said_beside_its_field(
    browser: Client, tenant: Tenant, wrong: dict[str, str], words: str
) -> None:
    typed = {"e164": ROSA, "tier": "express", "source": "By phone", "day": str(factories.today(tenant)), **wrong}

    response = browser.post(at("consent", tenant), typed)

    assert response.status_code == 422
    assert words in text(response)


def test_consent_is_withdrawn_at_once_and_the_record_stays(
    browser: Client, tenant: Tenant, records: list[Consent]
) -> None:
    browser.post(at("consent", tenant), {"withdraw": str(records[1].pk), "how": "Told me at the desk"})

    with tenant_transaction(tenant):
        records[1].refresh_from_db()
    assert records[1].revoked_at is not None
    assert records[1].revoked_how == "Told me at the desk"


@pytest.mark.parametrize("wanted", ["", "x", "999999", "²"])
def test_a_record_that_is_not_there_is_not_withdrawn(browser: Client, tenant: Tenant, wanted: str) -> None:
    assert browser.post(at("consent", tenant), {"withdraw": wanted}).status_code == 404


def test_the_records_go_along_as_a_file_without_formulas(
    browser: Client, tenant: Tenant, records: list[Consent]
) -> None:
    content = browser.get(at("consent", tenant), {"export": "1", "state": "withdrawn"}).content.decode("utf-8-sig")

    [head, row] = csv.reader(StringIO(content))
    assert dict(zip(head, row, strict=True)) | {"Withdrawn on": ""} == {
        "Number": ROSA,
        "How they agreed": "Gave the number for this purpose",
        "Source": "'=patient form",
        "On": "2026-01-08",
        "Evidence": "",
        "Entered by": str(records[0].created_by),
        "Withdrawn on": "",
        "How withdrawn": "By mail",
    }
