"""Bad input from the outside: each kind is refused, or held, in words that say what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns import services
from campaigns.facts import FactBook
from campaigns.importing.rows import Rejected, read_number
from campaigns.jurisdictions import tables
from campaigns.models import Campaign, Registry
from campaigns.rules import may_call
from tests.campaigns import sheets as made
from tests.campaigns.rows import NOON, make_campaign, make_target
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db
NOWHERE, NEW_YORK = "+18005550142", "+12125550142"


def files() -> Iterator[tuple[str, bytes, str]]:
    yield "an empty file", b"", "The submitted file is empty."
    yield "names without people", b"Phone,Name\n", "The file has names of columns, and nobody below them."
    yield "Unicode text", "Phone\n1\n".encode("utf-16"), "saved as “Unicode text”. Please save it as CSV UTF-8."
    yield "Unicode text without a mark", "Phone,Name\n1,Zoë\n".encode("utf-16-le"), "saved as “Unicode text”."
    yield "Latin-1 with odd bytes", b"Phone,Name\n1,Zo\xeb\x81\n", "This is not a text file that we can read."
    yield "an image", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "This is not a text file that we can read."
    yield "an old workbook", b"\xd0\xcf\x11\xe0" + bytes(100), "This is an old Excel file. Please save it as .xlsx"
    yield "a bomb", made.bomb("xl/sharedStrings.xml", times=64), "unpacks to far more than it should"
    yield "a name twice", b"Phone,Name,phone\n1,2,3\n", "Two columns are called “phone”. Please rename one of them."
    yield "an open quotation", b'Phone,Name\n1,"open', "a quotation mark is missing or in the wrong place"


@pytest.mark.parametrize(("content", "words"), [each[1:] for each in files()], ids=[each[0] for each in files()])
def test_a_file_is_refused_on_the_page_where_it_is_uploaded(
    sign_in: SignIn, member: User, tenant: Tenant, content: bytes, words: str
) -> None:
    browser: Client = sign_in(member)

    sent = {"file": SimpleUploadedFile("people.csv", content)}
    response = browser.post(reverse("contacts:upload", args=[tenant.slug]), sent)

    assert response.status_code == 422
    assert words in " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.mark.parametrize(
    "written", ["two oh eight five five five zero one four two", "Two-zero-eight 555 0142", "triple five"]
)
def test_a_number_in_words_is_rejected(written: str) -> None:
    with pytest.raises(Rejected, match=r"The number is written in words\. Please write it in digits\."):
        read_number(written)


def test_a_contact_without_zone_is_held_until_somebody_knows_more(agent: Agent) -> None:
    campaign = make_campaign(agent)
    make_target(campaign, NOWHERE)

    assert "hold" in judged(campaign, NOWHERE)
    assert "time zone" in judged(campaign, NOWHERE)


def test_a_template_with_an_unknown_variable_does_not_start(tenant: Tenant, agent: Agent) -> None:
    assert "There is no variable {{frist_name}}. Did you mean {{first_name}}?" in refusal(
        tenant, agent, message="Hello {{frist_name}}."
    )


@pytest.mark.parametrize("hours", [[None] * 7, [["03:00", "04:00"]] * 7])
def test_a_window_that_never_opens_does_not_start(tenant: Tenant, agent: Agent, hours: list[object]) -> None:
    assert "The calling window never opens: no chosen hour is lawful where these people are." in refusal(
        tenant, agent, hours=hours
    )


def test_an_expired_registry_file_blocks_sales_calls(tenant: Tenant, agent: Agent) -> None:
    campaign = make_campaign(agent, NEW_YORK, purpose="telemarketing")
    with tenant_transaction(tenant):
        Registry.objects.create(name="national", area_code="212", version="a", loaded_at=NOON - timedelta(days=32))

    assert "The national registry file is older than 31 days." in judged(campaign, NEW_YORK)


def judged(campaign: Campaign, number: str) -> str:
    """What the gate answers, with every reason in words."""
    with tenant_transaction(campaign.tenant_id):
        verdict = may_call(FactBook(campaign, [number], NOON).of(number), NOON, tables())
    return " ".join([verdict.answer, *(reason.words for reason in verdict.reasons)])


def refusal(tenant: Tenant, agent: Agent, **fields: object) -> str:
    """Why a draft does not start."""
    campaign = make_campaign(agent, NEW_YORK, status=Campaign.Status.DRAFT, **fields)
    with pytest.raises(services.NotStartable) as refused:
        services.start(tenant, campaign.pk, at=now())
    return refused.value.message
