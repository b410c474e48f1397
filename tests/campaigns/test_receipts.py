"""Dial receipts prove what was decided, from what, and that none was changed or left out."""

from __future__ import annotations

from datetime import UTC, datetime, time
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from campaigns.jurisdictions import tables
from campaigns.models import DialReceipt
from campaigns.receipts import decode, encode, seal, verify, write_receipt
from campaigns.rules import Consent, Facts, Listing, Purpose, Reassigned, Registry, Tier, may_call

NOON = datetime(2026, 12, 14, 18, tzinfo=UTC)
FULL = Facts(
    number="+12085550142",
    purpose=Purpose.TELEMARKETING,
    zone="America/Boise",
    state="ID",
    consent=Consent("7", Tier.WRITTEN, "+12085550142", NOON, revoked_at=NOON),
    listings=(Listing("own", NOON, "key"),),
    registries=(Registry("national", NOON, "abc", is_listed=True),),
    reassigned=Reassigned("no", NOON),
    attempts=(NOON,),
    emergencies=(("LA", NOON),),
    overrides=frozenset({"WA", "MA"}),
    own_hours=((time(9), time(17)), None, None, None, None, None, None),
)

pytestmark = pytest.mark.django_db


def decide(tenant: Tenant, facts: Facts, at: datetime = NOON) -> DialReceipt:
    with tenant_transaction(tenant):
        write_receipt(facts, may_call(facts, at, tables()), at, occasion="dial")
        return DialReceipt.objects.latest("sequence")


def faults(tenant: Tenant) -> list[str]:
    with tenant_transaction(tenant):
        return [f"{fault.sequence} {fault.why}" for fault in verify()]


def tamper(statement: str, *values: str) -> None:
    """As somebody would who owns the database and has switched the guard off."""
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table campaigns_dialreceipt disable trigger receipt_is_immutable")
        cursor.execute("alter table campaigns_dialreceipt no force row level security")
        cursor.execute(statement, values or None)
        cursor.execute("alter table campaigns_dialreceipt force row level security")
        cursor.execute("alter table campaigns_dialreceipt enable trigger receipt_is_immutable")


def test_facts_come_back_from_a_receipt_as_they_were() -> None:
    assert decode(encode(FULL)) == FULL


def test_the_receipts_of_a_business_are_a_chain_of_their_own(tenant: Tenant, other_tenant: Tenant) -> None:
    first, second, foreign = decide(tenant, FULL), decide(tenant, FULL), decide(other_tenant, FULL)

    assert (first.sequence, second.sequence, foreign.sequence) == (1, 2, 1)
    assert (first.previous, second.previous, foreign.previous) == ("", first.hash, "")
    assert faults(tenant) == faults(other_tenant) == []


def test_the_database_refuses_to_change_a_receipt(tenant: Tenant) -> None:
    decide(tenant, FULL)

    with pytest.raises(IntegrityError), tenant_transaction(tenant):
        DialReceipt.objects.update(answer="allow")
    with pytest.raises(IntegrityError), tenant_transaction(tenant), transaction.atomic():
        DialReceipt.objects.all().delete()


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("update campaigns_dialreceipt set answer = 'allow' where sequence = 2", "2 was changed"),
        (
            'update campaigns_dialreceipt set body = body || \'{"at": "2026-12-15T18:00:00Z"}\' where sequence = 2',
            "2 was changed",
        ),
        ("delete from campaigns_dialreceipt where sequence = 2", "2 missing"),
    ],
)
def test_what_is_changed_or_left_out_is_found(tenant: Tenant, statement: str, fault: str) -> None:
    for _ in range(3):
        decide(tenant, FULL)

    tamper(statement)

    assert fault in faults(tenant)


def test_a_receipt_that_was_sealed_anew_is_found_by_asking_the_gate_again(tenant: Tenant) -> None:
    forged = decide(tenant, FULL)
    forged.body["verdict"]["answer"] = "allow"
    forged.hash = seal(forged)

    tamper(
        "update campaigns_dialreceipt set body = jsonb_set(body, '{verdict,answer}', '\"allow\"'), hash = %s",
        forged.hash,
    )

    assert faults(tenant) == ["1 the gate says something else now"]


def test_the_command_says_how_many_hold(tenant: Tenant) -> None:
    decide(tenant, FULL)
    out = StringIO()

    call_command("verify_receipts", tenant=tenant.slug, stdout=out)
    assert "1 receipts, 0 faults" in out.getvalue()

    tamper("update campaigns_dialreceipt set answer = 'allow'")
    with pytest.raises(CommandError):
        call_command("verify_receipts", tenant=tenant.slug, stdout=out)
