"""Which column of a file is what: a guess from its name, and the person's own choice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from agentos.errors import DomainError


class Column(StrEnum):
    """What a column can hold. CUSTOM becomes a field of the contact, by the name of the column."""

    SKIP = ""
    NUMBER = "e164"
    NAME = "name"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    ZONE = "zone"
    STATE = "state"
    ZIP_CODE = "zip_code"
    LANGUAGE = "language"
    LINE_TYPE = "line_type"
    SIP_ADDRESS = "sip_address"
    TAGS = "tags"
    CUSTOM = "custom"


WORDS = {
    Column.SKIP: "Leave out",
    Column.NUMBER: "Phone number",
    Column.NAME: "Name",
    Column.FIRST_NAME: "First name",
    Column.LAST_NAME: "Last name",
    Column.ZONE: "Time zone",
    Column.STATE: "State",
    Column.ZIP_CODE: "ZIP code",
    Column.LANGUAGE: "Language",
    Column.LINE_TYPE: "Landline or mobile",
    Column.SIP_ADDRESS: "SIP address",
    Column.TAGS: "Tags",
    Column.CUSTOM: "A field of its own",
}

# Names without spaces and signs, in the order in which they are preferred.
KNOWN_AS: dict[Column, tuple[str, ...]] = {
    Column.NUMBER: (
        "e164",
        "phonenumber",
        "phone",
        "mobilephone",
        "mobilenumber",
        "mobile",
        "cellphone",
        "cell",
        "telephone",
        "tel",
        "number",
        "homephone",
    ),
    Column.NAME: ("name", "fullname", "patientname", "customername", "contactname", "patient", "customer", "contact"),
    Column.FIRST_NAME: ("firstname", "givenname", "first", "forename"),
    Column.LAST_NAME: ("lastname", "surname", "familyname", "last"),
    Column.ZONE: ("timezone", "zone", "tz", "ianazone"),
    Column.STATE: ("state", "addressstate", "usstate", "province", "stateprovince"),
    Column.ZIP_CODE: ("zipcode", "zip", "postalcode", "postcode", "postal"),
    Column.LANGUAGE: ("language", "lang", "preferredlanguage", "locale"),
    Column.LINE_TYPE: ("linetype", "phonetype", "landlineormobile"),
    Column.SIP_ADDRESS: ("sipaddress", "sip", "sipuri"),
    Column.TAGS: ("tags", "tag", "labels", "group", "list"),
}


def guess(headers: Iterable[str]) -> dict[str, str]:
    """Header to column, each known column once; whatever is not recognized becomes a field of its own."""
    plain = {re.sub(r"[^a-z0-9]", "", header.casefold()): header for header in headers}
    found = {header: str(Column.CUSTOM) for header in plain.values()}
    for column, names in KNOWN_AS.items():
        header = next((plain[name] for name in names if name in plain), None)
        if header is not None and (column is not Column.NAME or "firstname" not in plain):
            found[header] = str(column)
    return {header: found.get(header, str(Column.CUSTOM)) for header in headers}


def field_name(header: str) -> str:
    """“Appointment date” → appointment_date, as messages call it."""
    return re.sub(r"[^a-z0-9]+", "_", header.casefold()).strip("_")[:40] or "field"


def check(columns: Mapping[str, str]) -> None:
    """Raises DomainError for a choice that cannot be imported."""
    chosen = [column for column in columns.values() if column not in {Column.SKIP, Column.CUSTOM}]
    if str(Column.NUMBER) not in chosen:
        raise DomainError("no_number", "Say which column holds the phone number.")
    for column in chosen:
        if chosen.count(column) > 1:
            raise DomainError("column_twice", f"Two columns are chosen as “{WORDS[Column(column)]}”.")
    names = [field_name(header) for header, column in columns.items() if column == Column.CUSTOM]
    for name in names:
        if names.count(name) > 1:
            raise DomainError("field_twice", f"Two columns would become the field “{name}”. Please rename one.")
