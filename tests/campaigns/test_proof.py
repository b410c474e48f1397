"""The proof of one person's calls: complete, about nobody else, and refused by its own verifier when it was changed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.test import Client
from django.urls import reverse

from agentos.errors import DomainError
from agentos.tenants.models import LogEntry, Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.facts import FactBook
from campaigns.jurisdictions import tables
from campaigns.models import Attempt, Campaign
from campaigns.people import contacts
from campaigns.proof.bundle import bundle
from campaigns.receipts import write_receipt
from campaigns.rules import may_call
from tests import factories
from tests.campaigns.rows import NIGHT, NOON, claim_due, make_campaign
from tests.conftest import SignIn

ROSA, IDA, OMAR = "+12125550128", "+12125550143", "+12125550177"
SID = "CA" + "7" * 32

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_cache")]


@pytest.fixture
def campaign(agent: Agent) -> Campaign:
    """Rosa was called at noon, between two others; at night she would not have been."""
    made = make_campaign(agent, IDA, ROSA, OMAR)
    with tenant_transaction(agent.tenant_id):
        claim_due(made.pk, NOON)
        for number in (IDA, ROSA, OMAR):
            attempt = Attempt.objects.get(e164=number)
            facts = FactBook(made, [number], NOON, besides=[attempt.pk]).of(number)
            about = {"campaign": made, "target_id": attempt.target_id}
            write_receipt(facts, may_call(facts, NIGHT, tables()), NIGHT, occasion="dial", **about)
            verdict = may_call(facts, NOON, tables())
            write_receipt(facts, verdict, NOON, occasion="dial", attempt_id=attempt.pk, **about)
            asked = {"state": "ended", "asked_at": NOON, "ended_at": NOON + timedelta(minutes=1)}
            sid = SID if number == ROSA else f"CA{number[1:]:0>32}"
            Attempt.objects.filter(pk=attempt.pk).update(carrier_sid=sid, outcome="confirmed", **asked)
        factories.make_carrier_event(agent, call_sid=SID, payload={"CallStatus": "completed", "To": ROSA})
    return made


@pytest.fixture
def made(tenant: Tenant, campaign: Campaign) -> bytes:
    with tenant_transaction(tenant):
        return bundle(tenant, ROSA, NOON).content


def files_of(content: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def unpacked(content: bytes, folder: Path) -> Path:
    with ZipFile(BytesIO(content)) as archive:
        archive.extractall(folder)
    return folder


def verified(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run the verifier of the bundle as somebody who has nothing but Python: isolated, and somewhere else."""
    command = [sys.executable, "-I", str(folder / "verify.py"), *arguments]
    ran = subprocess.run(command, cwd=folder.parent, capture_output=True, text=True, timeout=60, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def test_anybody_can_check_a_bundle_without_agentos(made: bytes, tmp_path: Path) -> None:
    folder = unpacked(made, tmp_path / "bundle")

    status, words = verified(folder)

    assert status == 0, words
    assert "3 receipts about +12125550128" in words
    assert sha256((folder / "manifest.json").read_bytes()).hexdigest() in words


def test_a_bundle_is_checked_as_it_was_downloaded(made: bytes, tmp_path: Path) -> None:
    folder = unpacked(made, tmp_path / "bundle")
    (tmp_path / "download.zip").write_bytes(made)

    assert verified(folder, str(tmp_path / "download.zip"))[0] == 0


def test_one_changed_byte_is_found_in_every_file(made: bytes, tmp_path: Path) -> None:
    folder = unpacked(made, tmp_path / "bundle")
    unnoticed = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name == "verify.py":
            continue
        before = path.read_bytes()
        place = len(before) // 2
        path.write_bytes(before[:place] + bytes([before[place] ^ 1]) + before[place + 1 :])
        if verified(folder)[0] != 1:
            unnoticed.append(path.name)
        path.write_bytes(before)

    assert unnoticed == []
    assert verified(folder)[0] == 0


def forged(folder: Path, change: Callable[[dict[str, Any]], None], *, file: str = "receipts.json") -> str:
    """Change a file as somebody would who makes the manifest anew, and hear what the verifier says."""
    told = json.loads((folder / file).read_bytes())
    change(told)
    (folder / file).write_text(json.dumps(told))
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"][file] = sha256((folder / file).read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    status, words = verified(folder)
    assert status == 1
    return words


def resealed(told: dict[str, Any], place: int) -> None:
    receipt = told["receipts"][place]
    stated = {name: value for name, value in receipt.items() if name != "hash"}
    receipt["hash"] = sha256(json.dumps(stated, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def later(told: dict[str, Any]) -> None:
    told["receipts"][2]["body"]["verdict"]["windows"][0]["local"] = "2026-12-14T13:30:00-05:00"
    resealed(told, 2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda told: told["receipts"][1].update(answer="allow"), "was changed: its hash is another one"),
        (lambda told: (told["receipts"][1].update(answer="allow"), resealed(told, 1)), "contradicts itself"),
        (later, "was replaced: the one after it follows another"),
        (later, "it was 13:00 in America/New_York, not 13:30"),
        (lambda told: [told["receipts"].pop(place) for place in (2, 0)], "has no receipt"),
        (lambda told: told["neighbors"].pop(0), "the one before it is missing"),
        (lambda told: told.update(number=IDA), "about another number"),
    ],
)
def test_a_forged_receipt_is_found_though_its_bundle_was_packed_anew(
    made: bytes, tmp_path: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    assert said in forged(unpacked(made, tmp_path / "bundle"), change)


def test_a_call_that_no_receipt_allowed_is_found(made: bytes, tmp_path: Path) -> None:
    folder = unpacked(made, tmp_path / "bundle")

    words = forged(folder, lambda told: told.append({**told[0], "id": "another"}), file="attempts.json")

    assert "has no receipt" in words


def test_a_bundle_holds_everything_about_a_person_and_nothing_of_anybody_else(
    tenant: Tenant, campaign: Campaign
) -> None:
    with tenant_transaction(tenant):
        contacts.opt_out(ROSA, "voice", "“please take me off your list”")
        contacts.opt_out(IDA, "voice", "“leave Ida alone”")
        files = files_of(bundle(tenant, ROSA, NOON).content)

    whole = b"".join(files.values())
    for number in (IDA, OMAR):
        assert number[1:].encode() not in whole
    assert b"leave Ida alone" not in whole
    receipts = json.loads(files["receipts.json"])
    assert [each["answer"] for each in receipts["receipts"]] == ["allow", "deny", "allow"]
    assert all(set(each) == {"sequence", "previous", "hash"} for each in receipts["neighbors"])
    [attempt] = json.loads(files["attempts.json"])
    assert attempt["carrier_sid"] == SID
    assert [each["fields"]["CallStatus"] for each in attempt["reports"]] == ["completed"]
    [listing] = json.loads(files["do_not_call.json"])
    assert listing["evidence"] == "“please take me off your list”"
    [consent] = json.loads(files["consent.json"])
    assert consent["revoked_how"].startswith("Said so")
    assert {row["state"] for row in json.loads(files["rules.json"])["rows"]} == {"NY"}


def test_the_summary_says_in_plain_words_what_was_decided_and_what_came_of_it(made: bytes) -> None:
    page = files_of(made)["summary.html"].decode()

    assert "3 decisions on record, 1 of them against a call; 1 call made" in page
    assert "Monday, December 14, 2026, 1:00 PM in the zone of New York" in page
    assert "NY allows calls from" in page
    assert f"placed the call as {SID}. Outcome: Confirmed." in page


def test_a_neighbour_has_nothing_on_record_about_the_number(other_tenant: Tenant, campaign: Campaign) -> None:
    with tenant_transaction(other_tenant), pytest.raises(DomainError):
        bundle(other_tenant, ROSA, NOON)


def test_a_download_is_written_to_the_log_with_its_fingerprint(
    sign_in: SignIn, admin: User, tenant: Tenant, campaign: Campaign
) -> None:
    answer = sign_in(admin).post(reverse("contacts:proof", args=[tenant.slug]), {"e164": ROSA})

    assert answer["Content-Type"] == "application/zip"
    manifest = files_of(answer.getvalue())["manifest.json"]
    with tenant_transaction(tenant):
        entry = LogEntry.objects.get(what="proof.downloaded")
    assert (entry.who, entry.subject) == ("Mats Lindqvist", f"campaign {campaign.pk}")
    assert entry.details["fingerprint"] == sha256(manifest).hexdigest()


def test_the_proof_is_offered_where_it_is_wanted_to_those_who_may_have_it(
    sign_in: SignIn, admin: User, member: User, tenant: Tenant, campaign: Campaign
) -> None:
    with tenant_transaction(tenant):
        contact = campaign.targets.get(e164=ROSA).contact
    pages = [
        reverse("contacts:contact", args=[tenant.slug, contact.pk]),
        reverse("campaigns:why", args=[tenant.slug, campaign.pk]) + "?who=0128",
    ]

    def offered(browser: Client) -> list[bool]:
        return ["Download proof" in browser.get(page).content.decode() for page in pages]

    assert offered(sign_in(admin)) == [True, True]
    assert offered(sign_in(member)) == [False, False]
