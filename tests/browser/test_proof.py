"""The pages that answer afterwards: plan and reality, the log, and the proof that is downloaded from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.utils.timezone import now

from agentos.tenants.models import User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns import services
from campaigns.models import Attempt, Campaign, Target
from campaigns.planning.forecast import keep
from campaigns.planning.readiness import CONFIRMATIONS
from tests.browser.conftest import SignedIn
from tests.browser.test_looks import LOOKS, objections
from tests.campaigns.rows import LONG_AGO, NOON, claim_due, make_campaign, make_target

ROSA, OMAR = "+12125550128", "+12125550177"


@pytest.fixture
def campaign(agent: Agent, owner: User) -> Campaign:
    """Started, and one of two people called."""
    made = make_campaign(agent, ROSA, status="draft", message="Hello.", hours=services.WEEKDAYS)
    make_target(made, OMAR, consents=False)
    services.confirm(agent.tenant, made.pk, confirmed=CONFIRMATIONS, by=owner)
    services.start(agent.tenant, made.pk, at=NOON)
    with tenant_transaction(agent.tenant):
        keep(made.pk)
        Target.objects.update(due_at=LONG_AGO)
        claim_due(made.pk, NOON)
        over = {"state": "ended", "outcome": "confirmed", "asked_at": now(), "ended_at": now()}
        Attempt.objects.update(**over)
        services.pause(agent.tenant, made.pk)
    return made


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_the_pages_that_answer_are_well_made(
    signed_in: SignedIn, owner: User, campaign: Campaign, width: int, theme: Any
) -> None:
    page = signed_in(owner)
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 844})
    here = f"/t/juniper-dental/campaigns/{campaign.pk}/"

    found = {}
    for address, seen in ((here, "Plan and reality"), (f"{here}why/?who=0128", "Download proof")):
        page.goto(address)
        assert page.get_by_text(seen).first.is_visible()
        found[address] = objections(page)

    assert {address: said for address, said in found.items() if said} == {}


def test_a_proof_is_downloaded_where_the_answer_stands(
    signed_in: SignedIn, owner: User, campaign: Campaign, tmp_path: Path
) -> None:
    page = signed_in(owner)
    page.goto(f"/t/juniper-dental/campaigns/{campaign.pk}/")
    page.get_by_role("searchbox", name="Name or number").fill("0128")
    page.get_by_role("button", name="Show").click()

    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download proof").click()

    waiting.value.save_as(tmp_path / "proof.zip")
    with ZipFile(tmp_path / "proof.zip") as bundle:
        assert {"summary.html", "receipts.json", "verify.py"} <= set(bundle.namelist())
    page.reload()
    assert page.get_by_text("Downloaded the proof of the calls to the number that ends in 28").is_visible()
