"""Whom callers may be put through to: the business pays for that line, and some lines pay whoever owns them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from django.conf import settings
from phonenumbers import PhoneNumberType

from agentos.addresses import is_public
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import current_tenant_id
from calls.numbers import read_number

ORDINARY = frozenset({
    PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.VOIP,
    PhoneNumberType.TOLL_FREE,
})  # fmt: skip
UNITED_STATES = frozenset({"US", "PR", "GU", "VI", "AS", "MP"})
NORTH_AMERICA = 1
PAY_PER_CALL = "976"  # the exchange, in any area code

_SIP = re.compile(
    r"sips?:([A-Za-z0-9_.!~*'+-]{1,64})@([A-Za-z0-9.-]{1,120})(?::\d{2,5})?(?:;transport=(?:udp|tcp|tls))?"
)
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]")
_DOTTED = re.compile(r"[0-9.]+")
_LONG_NUMBER = re.compile(r"\+?\d{7,}")


class Barred(StrEnum):
    """Why nobody is put through to an address. The names are kept with the transfers that met them."""

    UNREADABLE = "unreadable"
    NOT_IN_SERVICE = "not_in_service"
    COSTLY = "costly"
    ABROAD = "abroad"
    OWN = "own"


WORDS = {
    Barred.UNREADABLE: "Enter a telephone number, or an address such as sip:desk@example.com.",
    Barred.NOT_IN_SERVICE: "No such number is in service.",
    Barred.COSTLY: "This is a premium or shared-cost number. Callers are put through to ordinary lines only.",
    Barred.ABROAD: "Calls to this country are not enabled.",
    Barred.OWN: "This is the number that callers have called.",
}


def read_address(written: str) -> str:
    """E.164, or a SIP address as it is written; nothing where it is neither."""
    written = written.strip()
    return written if written.lower().startswith(("sip:", "sips:")) else read_number(written)


def enabled_countries() -> frozenset[str]:
    """Which countries the business of this transaction lets callers be put through to, of those the platform allows."""
    allowed = frozenset(settings.TRANSFER_COUNTRIES)
    chosen = Tenant.objects.values_list("transfer_countries", flat=True).get(pk=current_tenant_id())
    return allowed if chosen is None else allowed & frozenset(chosen)


def barred(address: str, *, countries: Iterable[str], own: str = "") -> Barred | None:
    """Why nobody is put through to this address; None where somebody may be. `own`: the number of this call."""
    if own and address == own:
        return Barred.OWN
    return _judge(address, frozenset(countries))


@lru_cache(maxsize=1024)
def _judge(address: str, countries: frozenset[str]) -> Barred | None:
    if not address.lower().startswith(("sip:", "sips:")):
        return _number(address, countries)
    read = _SIP.fullmatch(address)
    if read is None or not _is_reachable(read[2]):
        return Barred.UNREADABLE
    # What reads like a number in front of the @ is one at the gateway behind it.
    return _number(read_number(read[1]), countries) if _LONG_NUMBER.fullmatch(read[1]) else None


def _is_reachable(host: str) -> bool:
    return is_public(host) if _DOTTED.fullmatch(host) else bool(_HOST.fullmatch(host))


def _number(number: str, countries: frozenset[str]) -> Barred | None:
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return Barred.UNREADABLE
    region = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
        parsed.country_code or 0
    )
    if region not in (countries | UNITED_STATES if "US" in countries else countries):
        return Barred.ABROAD
    if not phonenumbers.is_valid_number(parsed):
        return Barred.NOT_IN_SERVICE
    is_paid_for = parsed.country_code == NORTH_AMERICA and str(parsed.national_number)[3:6] == PAY_PER_CALL
    return Barred.COSTLY if is_paid_for or phonenumbers.number_type(parsed) not in ORDINARY else None
