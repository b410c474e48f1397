"""Callers are put through to ordinary lines of the countries that are enabled, and to no others."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from calls.transfers.dialable import Barred, barred, read_address


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
    assert barred(address) == why


def test_other_countries_are_for_the_platform_to_enable(settings: Settings) -> None:
    settings.TRANSFER_COUNTRIES = ("GB",)

    assert barred("+442083661177") is None
    assert barred("+449098790000") == Barred.COSTLY
    assert barred("+448431234567") == Barred.COSTLY  # shared cost
    assert barred("+12085550125") == Barred.ABROAD


def test_nobody_is_put_through_to_the_number_that_they_have_called() -> None:
    assert barred("+12085550110", own="+12085550110") == Barred.OWN


@pytest.mark.parametrize(
    ("written", "read"),
    [("(208) 555-0125", "+12085550125"), (" SIP:desk@example.com ", "SIP:desk@example.com"), ("the desk", "")],
)
def test_an_address_is_read_as_people_write_it(written: str, read: str) -> None:
    assert read_address(written) == read
