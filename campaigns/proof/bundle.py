"""One ZIP that says why a number was, or was not, called, and lets anybody check it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.template.loader import render_to_string

from agentos.errors import DomainError
from agentos.tenants.log import record
from agentos.tenants.models import Tenant
from campaigns.jurisdictions import AREAS, DATA, HOLIDAYS, RULES, ZIPS
from campaigns.models import Contact, Target
from campaigns.proof import gathering
from campaigns.proof.summary import Summary

SHIPPED = ("verify.py", "README.txt", "style.css")  # files of this folder that go along
MANIFEST = "manifest.json"
FORMAT = "agentos-proof/1"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A finished bundle. `fingerprint` is the hash of its manifest, and so of everything in it."""

    content: bytes
    fingerprint: str
    receipts: int


def download(tenant: Tenant, number: str, at: datetime) -> Bundle:
    """Make the bundle of a number, inside the tenant, and write down that it was handed out. Raises DomainError."""
    made = bundle(tenant, number, at)
    words = f"Downloaded the proof of the calls to the number that ends in {number[-2:]}"
    campaigns = Target.objects.filter(e164=number).order_by("campaign_id").values_list("campaign_id", flat=True)
    for subject in [f"campaign {campaign_id}" for campaign_id in campaigns] or ["contacts"]:
        record("proof.downloaded", words, subject=subject, fingerprint=made.fingerprint, receipts=made.receipts)
    return made


def bundle(tenant: Tenant, number: str, at: datetime) -> Bundle:
    """Everything on record about the number. Raises DomainError when there is nothing."""
    receipts = gathering.receipts_of(number)
    data: dict[str, Any] = {
        "consent.json": gathering.consents_of(number),
        "do_not_call.json": gathering.listings_of(number),
        "attempts.json": gathering.attempts_of(number),
        "messages.json": gathering.messages_of(number),
    }
    if not receipts and not any(data.values()):
        raise DomainError("nothing_known", "Nothing is on record about this number.")
    contact = Contact.objects.filter(e164=number).first()
    data |= {
        "receipts.json": {
            "format": FORMAT,
            "business": tenant.name,
            "made_at": at.astimezone(UTC).isoformat(),
            **gathering.chain_excerpt(number, receipts),
        },
        "rules.json": gathering.rules_used(receipts),
    }
    summary = Summary(tenant.name, number, contact.name if contact else "", at, receipts, data)
    files = {name: _json(value) for name, value in data.items()}
    files["summary.html"] = render_to_string("campaigns/proof/summary.html", {"summary": summary}).encode()
    files |= {f"tables/{name}": (DATA / name).read_bytes() for name in (RULES, HOLIDAYS, AREAS, ZIPS)}
    files |= {name: Path(__file__).with_name(name).read_bytes() for name in SHIPPED}
    manifest = _json({"format": FORMAT, "files": {name: sha256(files[name]).hexdigest() for name in sorted(files)}})
    content = _zipped([(MANIFEST, manifest), *sorted(files.items())], at)
    return Bundle(content, sha256(manifest).hexdigest(), len(receipts))


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True).encode()


def _zipped(files: Sequence[tuple[str, bytes]], at: datetime) -> bytes:
    buffer, moment = BytesIO(), at.astimezone(UTC).timetuple()[:6]
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, content in files:
            entry = ZipInfo(name, moment)
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()
