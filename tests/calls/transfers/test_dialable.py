"""Callers are put through to ordinary lines of the countries that are enabled, and to no others."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from calls.transfers.dialable import Barred, barred, enabled_countries, read_address
from tests.conftest import SignIn


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("+12085550125", None),
        ("+17875551234", None),  # Puerto Rico
        ("+18005551234", None),
        ("sip:desk@example.com", None),
        ("sips:100@pbx.example.com:5061;transport=tls", None),
        ("sip:100@93.184.216.34", None),
        ("+19005551234", Barred.COSTLY),
        ("+12089761234", Barred.COSTLY),  # pay-per-call, in an ordinary area code
        ("+15005551234", Barred.COSTLY),  # a personal number
        ("sip:+19005551234@gateway.example.com", Barred.COSTLY),
        ("sip:19005551234@gateway.example.com", Barred.COSTLY),
        ("+17005551234", Barred.NOT_IN_SERVICE),
        ("+18765551234", Barred.ABROAD),  # Jamaica, with the same country code
        ("+14165551234", Barred.ABROAD),
        ("+5355123456", Barred.ABROAD),
        ("+881612345678", Barred.ABROAD),  # a satellite
        ("+97912345678", Barred.ABROAD),
        ("sip:+881612345678@gateway.example.com", Barred.ABROAD),
        ("911", Barred.UNREADABLE),
        ("", Barred.UNREADABLE),
        ("sip:desk@10.0.0.7", Barred.UNREADABLE),
        ("sip:desk@localhost", Barred.UNREADABLE),
        ("sip:desk@example.com?Route=%3Csip:elsewhere.example%3E", Barred.UNREADABLE),
        ("sip:desk@example.com;phone-context=+881", Barred.UNREADABLE),
    ],
)
def test_only_ordinary_lines_are_dialed(address: str, why: Barred | None) -> None:
    assert barred(address, countries=("US",)) == why


def test_other_countries_can_be_enabled_but_not_their_costly_lines() -> None:
    britain = ("GB",)

    assert barred("+442083661177", countries=britain) is None
    assert barred("+449098790000", countries=britain) == Barred.COSTLY
    assert barred("+448431234567", countries=britain) == Barred.COSTLY  # shared cost
    assert barred("+12085550125", countries=britain) == Barred.ABROAD


def test_a_business_chooses_of_the_countries_that_the_platform_allows(
    tenant: Tenant, sign_in: SignIn, admin: User, settings: Settings
) -> None:
    settings.TRANSFER_COUNTRIES = ("US", "GB", "MX")
    page, browser = f"/t/{tenant.slug}/settings/people/", sign_in(admin)

    def enabled() -> set[str]:
        with tenant_transaction(tenant):
            return set(enabled_countries())

    assert enabled() == {"US", "GB", "MX"}, "all, until it has chosen"
    assert browser.post(page, {"action": "countries", "countries": ["US", "MX"]}).status_code == 302
    assert enabled() == {"US", "MX"}
    assert browser.post(page, {"action": "countries", "countries": ["FR"]}).status_code == 422
    assert b"United Kingdom" in browser.get(page).content
    british = {"name": "Rae", "department": "Desk", "address": "+442083661177", "when": "open", "way": "straight"}
    refused = browser.post(page, british | {"place": "1"})
    assert b"Calls to this country are not enabled." in refused.content
    settings.TRANSFER_COUNTRIES = ("US",)
    assert enabled() == {"US"}, "what the platform takes back is gone for everybody"


def test_nobody_is_put_through_to_the_number_that_they_have_called() -> None:
    assert barred("+12085550110", own="+12085550110", countries=("US",)) == Barred.OWN


@pytest.mark.parametrize(
    ("written", "read"),
    [("(208) 555-0125", "+12085550125"), (" SIP:desk@example.com ", "SIP:desk@example.com"), ("the desk", "")],
)
def test_an_address_is_read_as_people_write_it(written: str, read: str) -> None:
    assert read_address(written) == read
