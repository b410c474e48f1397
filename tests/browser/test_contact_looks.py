"""The pages of contacts, wide and narrow, light and dark: nothing axe objects to, nothing wider than the window."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now
from pytest_django import Settings

from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.importing import files, progress
from campaigns.importing.columns import guess
from campaigns.models import Attempt, Contact, ContactImport, Registry
from campaigns.people import contacts
from tests import factories
from tests.browser.conftest import Server, SignedIn
from tests.browser.test_looks import LOOKS, objections
from tests.campaigns.rows import make_campaign, make_target

ROSA, HEADERS = "+12085550142", "Cell phone,Patient,Due on"


@pytest.fixture
def addresses(agent: Agent, serving: Server, settings: Settings) -> list[str]:
    settings.DATA_DIR = serving.folder  # where the process that serves looks for uploads
    tenant, start = agent.tenant, "/t/juniper-dental/contacts/"
    factories.make_call(agent, from_number=ROSA, status="ended")
    target = make_target(make_campaign(agent), ROSA, state="ID", tags=["recall"], fields={"due_on": "2026-11-24"})
    with tenant_transaction(tenant):
        ended = {"state": Attempt.State.ENDED, "outcome": "confirmed", "ended_at": now()}
        Attempt.objects.create(target=target, campaign=target.campaign, e164=ROSA, **ended)
        ida = Contact.objects.create(e164="+12085550143", name="Ida Holm")
        contacts.opt_out("+12085550143", "voice", "“please take me off your list”")
        Registry.objects.create(name="national", area_code="208", version="a" * 64, numbers=41_200)
        Registry.objects.create(name="ID", area_code="208", version="b" * 64, loaded_at=now() - timedelta(days=40))
        rosa = Contact.objects.get(e164=ROSA)
    imports = [_import(tenant, status) for status in ("mapping", "running", "done", "failed")]
    progress.tell(tenant.pk, imports[1], progress.Progress(42_000, 100_000))
    return [
        start,
        f"{start}?search=nobody",
        f"{start}{rosa.pk}/",
        f"{start}{ida.pk}/",
        f"{start}import/",
        *(f"{start}import/{pk}/" for pk in imports),
        f"{start}do-not-call/",
    ]


def _import(tenant: Tenant, status: str) -> int:
    stored = f"imports/{status}"
    files.path_of(stored).parent.mkdir(parents=True, exist_ok=True)
    files.path_of(stored).write_text(f"{HEADERS}\n2085550142,Rosa Delgado,2026-11-24\n2085550143,Ida Holm,2026-11-25\n")
    counts = {"rows": 1_240, "added": 1_180, "merged": 20, "rejected": 40, "report": stored} if status == "done" else {}
    with tenant_transaction(tenant):
        made: ContactImport = ContactImport.objects.create(
            name="November recall.csv",
            file=stored,
            status=status,
            columns=guess(HEADERS.split(",")),
            problem="Line 7 cannot be read." if status == "failed" else "",
            **counts,
        )
    return made.pk


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_a_page_of_contacts_is_well_made(
    signed_in: SignedIn, owner: User, addresses: list[str], width: int, theme: Any
) -> None:
    page = signed_in(owner)
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 844})

    found = {}
    for address in addresses:
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        found[address] = objections(page)

    assert {address: said for address, said in found.items() if said} == {}
