"""The pages of contacts: the list, one person, the import, and those who are not called."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from agentos.jobs import TENANT_HEADER
from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.memory.models import Memory
from campaigns import tasks
from campaigns.importing import files, progress
from campaigns.importing.sheets import open_sheet
from campaigns.models import Attempt, Consent, Contact, ContactImport, DoNotCall
from campaigns.people import contact_forms, contacts
from tests import factories
from tests.campaigns.rows import make_campaign, make_target
from tests.conftest import SignIn

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_cache")]
HTMX = {"HTTP_HX_REQUEST": "true"}
ROSA = "+12085550142"


@pytest.fixture
def browser(sign_in: SignIn, member: User) -> Client:
    return sign_in(member)


@pytest.fixture
def rosa(tenant: Tenant) -> Contact:
    with tenant_transaction(tenant):
        created: Contact = Contact.objects.create(
            e164=ROSA, name="Rosa Delgado", state="ID", tags=["recall"], fields={"due_on": "2026-11-24"}
        )
    return created


def at(name: str, tenant: Tenant, *ids: int) -> str:
    return reverse(f"contacts:{name}", args=[tenant.slug, *ids])


def text(response: HttpResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.getvalue().decode()).split())


def add(tenant: Tenant, number: str, name: str, *tags: str) -> None:
    with tenant_transaction(tenant):
        Contact.objects.create(e164=number, name=name, tags=list(tags))


# The list


def test_an_empty_page_says_what_will_appear(browser: Client, tenant: Tenant) -> None:
    assert "No contacts yet" in text(browser.get(at("index", tenant)))


@pytest.mark.parametrize("search", ["delg", "555-0142", "(208) 555-0142"])
def test_people_are_found_by_name_and_by_number(browser: Client, tenant: Tenant, rosa: Contact, search: str) -> None:
    add(tenant, "+12085550199", "Ida Holm")

    page = text(browser.get(at("index", tenant), {"search": search}))

    assert "Rosa Delgado" in page
    assert "Ida Holm" not in page


def test_a_tag_narrows_the_list(browser: Client, tenant: Tenant, rosa: Contact) -> None:
    add(tenant, "+12085550199", "Ida Holm", "recall", "vip")
    add(tenant, "+12085550198", "Noor Aziz")

    everybody = text(browser.get(at("index", tenant)))
    few = text(browser.get(at("index", tenant), {"tag": "vip"}))

    assert "recall 2 vip 1" in everybody
    assert "Ida Holm" in few
    assert "Rosa Delgado" not in few


def test_nobody_found_offers_the_way_back(browser: Client, tenant: Tenant, rosa: Contact) -> None:
    assert "Nobody matches" in text(browser.get(at("index", tenant), {"search": "zzz"}))


def test_the_list_says_who_may_be_called(browser: Client, tenant: Tenant, rosa: Contact) -> None:
    assert "No consent" in text(browser.get(at("index", tenant)))
    with tenant_transaction(tenant):
        contacts.give_consent(ROSA, tier="express", source="form", given_at=now())
    assert "Consent on record" in text(browser.get(at("index", tenant)))
    with tenant_transaction(tenant):
        contacts.opt_out(ROSA, "key", "9")
    assert "Rosa Delgado (208) 555-0142 Do not call" in text(browser.get(at("index", tenant))).replace("\xa0", " ")


def test_those_who_may_not_see_contacts_do_not_see_the_way_there(sign_in: SignIn, viewer: User, tenant: Tenant) -> None:
    theirs = sign_in(viewer)

    assert theirs.get(at("index", tenant)).status_code == 403
    assert at("index", tenant) not in theirs.get(reverse("calls:index", args=[tenant.slug])).content.decode()


# One person


def test_a_person_with_everything_that_is_known(browser: Client, tenant: Tenant, agent: Agent, rosa: Contact) -> None:
    call = factories.make_call(agent, from_number=ROSA, status="ended", ending="no_answer")
    target = make_target(make_campaign(agent), ROSA)
    with tenant_transaction(tenant):
        ended = {"state": Attempt.State.ENDED, "outcome": "confirmed", "ended_at": now()}
        Attempt.objects.create(target=target, campaign=target.campaign, e164=ROSA, asked_at=now(), **ended)

    response = browser.get(at("contact", tenant, rosa.pk))

    page = text(response)
    assert "Rosa Delgado" in page
    assert "State ID" in page
    assert "Due on 2026-11-24" in page
    assert "November recall Confirmed" in page
    assert "Incoming call No answer" in page
    assert str(call.pk) in response.content.decode()
    assert "patient form" in page
    assert "2 times" in page


def test_consent_is_recorded_and_withdrawn(browser: Client, tenant: Tenant, rosa: Contact, member: User) -> None:
    typed = {"tier": "written", "source": "Contract", "day": str(factories.today(tenant)), "evidence": "Drawer 3"}
    given = browser.post(at("give_consent", tenant, rosa.pk), typed, follow=True)
    with tenant_transaction(tenant):
        consent = Consent.objects.get()
    revoked = browser.post(at("revoke", tenant, rosa.pk, consent.pk), {"how": "By mail"}, follow=True)

    assert "Contract, Today, entered by Rae Ostrander" in text(given)
    assert "By mail" in text(revoked)
    assert "No consent on record" in text(revoked)
    with tenant_transaction(tenant):
        consent.refresh_from_db()
    assert (consent.tier, consent.created_by_id) == ("written", member.pk)
    assert consent.revoked_at is not None


def test_consent_of_tomorrow_is_refused_beside_its_field(browser: Client, tenant: Tenant, rosa: Contact) -> None:
    typed = {"tier": "express", "source": "Contract", "day": str(factories.today(tenant) + timedelta(days=2))}

    response = browser.post(at("give_consent", tenant, rosa.pk), typed)

    assert response.status_code == 422
    assert "still to come" in text(response)
    assert 'value="Contract"' in response.content.decode()


def test_never_again_is_said_on_the_page_and_kept_with_who_entered_it(
    browser: Client, tenant: Tenant, rosa: Contact
) -> None:
    page = text(browser.post(at("stop", tenant, rosa.pk), {"evidence": "Told me at the desk"}, follow=True))

    assert "Never called since today" in page
    assert "by Rae Ostrander. Told me at the desk" in page


# The import

SHEET = "Cell phone,Patient,Due on\n2085550142,Rosa Delgado,2026-11-24\ntwelve,=Zed,\n"


def upload(browser: Client, tenant: Tenant, content: str | bytes = SHEET, name: str = "recall.csv") -> HttpResponse:
    data = content.encode() if isinstance(content, str) else content
    return browser.post(at("upload", tenant), {"file": SimpleUploadedFile(name, data)}, follow=True)


def the_import(tenant: Tenant) -> ContactImport:
    with tenant_transaction(tenant):
        found: ContactImport = ContactImport.objects.get()
        return found


CHOSEN = {"column_0": "e164", "column_1": "name", "column_2": "custom"}


def test_the_columns_are_guessed_and_shown_with_their_first_rows(browser: Client, tenant: Tenant) -> None:
    page = upload(browser, tenant).content.decode()

    for place, column in CHOSEN.items():
        select = page[page.index(f'name="{place}"') :]
        assert re.search(r'<option value="(\w+)" selected', select)[1] == column  # type: ignore[index]
    assert "2026-11-24" in page
    assert "=Zed" in page


def test_an_import_from_the_file_to_the_people(browser: Client, tenant: Tenant) -> None:
    upload(browser, tenant)
    kept = the_import(tenant)
    here = at("import", tenant, kept.pk)
    consent = {"consented": "on", "tier": "express", "source": "Patient form", "day": str(factories.today(tenant))}

    waiting = browser.post(here, CHOSEN | consent, follow=True).content.decode()
    assert at("progress", tenant, kept.pk) in waiting
    progress.tell(tenant.pk, kept.pk, progress.Progress(500, 2_000))
    bar = browser.get(at("progress", tenant, kept.pk), **HTMX)
    assert "500 of 2,000 rows" in text(bar)
    assert 'aria-valuenow="25"' in bar.content.decode()

    tasks.import_contacts.apply(args=[str(kept.pk)], headers={TENANT_HEADER: tenant.pk}, throw=True)
    assert browser.get(at("progress", tenant, kept.pk), **HTMX)["HX-Refresh"] == "true"
    result = text(browser.get(here))
    assert "Rows 2 New people 1 Merged by number 0 Rejected 1" in result
    report = browser.get(at("rejected", tenant, kept.pk))
    assert "“twelve” is not a phone number.,twelve,'=Zed," in report.getvalue().decode("utf-8-sig")
    assert 'filename="recall-rejected.csv"' in report["Content-Disposition"]
    with tenant_transaction(tenant):
        assert Contact.objects.get().tags == ["recall"]
        assert Consent.objects.get().source == "Patient form"


@pytest.mark.django_db(transaction=True)
def test_the_page_of_an_import_is_there_while_it_runs(browser: Client, tenant: Tenant) -> None:
    upload(browser, tenant)
    here = at("import", tenant, the_import(tenant).pk)
    browser.post(here, CHOSEN)

    def look() -> list[int]:
        try:
            return [browser.get(here).status_code, browser.post(here, CHOSEN).status_code]
        finally:
            connection.close()

    with tenant_transaction(tenant), ThreadPoolExecutor(1) as elsewhere:
        ContactImport.objects.select_for_update().get()  # as the worker holds it
        assert elsewhere.submit(look).result(4) == [200, 302]  # the database would let it wait for five seconds


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"Phone,Phone\n1,2\n", "Two columns"),
        (b"Phone,Name\n", "nobody below"),
        (b"\x00\x01", "not a text"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_and_not_kept(
    browser: Client, tenant: Tenant, content: bytes, words: str
) -> None:
    response = upload(browser, tenant, content)

    assert response.status_code == 422
    assert words in text(response)
    assert [path for path in files.path_of("imports").rglob("*") if path.is_file()] == []
    with tenant_transaction(tenant):
        assert not ContactImport.objects.exists()


def test_a_file_that_is_too_large_is_refused(browser: Client, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contact_forms, "MOST_BYTES", 10)

    assert "larger than" in text(upload(browser, tenant))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"column_0": ""}, "which column holds the phone number"),
        ({"column_1": "e164"}, "Two columns are chosen"),
        ({"consented": "on", "source": ""}, "belongs to the record"),
        ({"consented": "on", "day": "2999-01-01"}, "still to come"),
    ],
)
def test_a_choice_that_makes_no_sense_is_said_and_nothing_starts(
    browser: Client, tenant: Tenant, changed: dict[str, str], words: str
) -> None:
    upload(browser, tenant)
    kept = the_import(tenant)

    response = browser.post(at("import", tenant, kept.pk), CHOSEN | {"tier": "express"} | changed)

    assert response.status_code == 422
    assert words in text(response)
    assert the_import(tenant).status == "mapping"


def test_an_import_that_failed_says_why_and_can_be_tried_again(browser: Client, tenant: Tenant) -> None:
    upload(browser, tenant)
    kept = the_import(tenant)
    with tenant_transaction(tenant):
        ContactImport.objects.update(status="failed", problem="Line 7 cannot be read.")

    page = text(browser.get(at("import", tenant, kept.pk)))
    again = text(browser.post(at("again", tenant, kept.pk), follow=True))

    assert "Nothing was imported. Line 7 cannot be read." in page
    assert "What each column is" in again


def test_an_import_of_a_worker_that_is_gone_can_be_tried_again_and_a_running_one_cannot(
    browser: Client, tenant: Tenant
) -> None:
    upload(browser, tenant)
    kept = the_import(tenant)
    browser.post(at("import", tenant, kept.pk), CHOSEN)

    assert browser.post(at("again", tenant, kept.pk)).status_code == 409
    with tenant_transaction(tenant):
        lost = ContactImport.objects.create(name="lost.csv", file=kept.file, status="running")
    assert "Nothing was heard" in text(browser.get(at("import", tenant, lost.pk)))
    assert browser.post(at("again", tenant, lost.pk)).status_code == 302


def test_the_template_file_can_be_imported_as_it_is(browser: Client, tenant: Tenant) -> None:
    template = browser.get(at("template", tenant)).getvalue()
    upload(browser, tenant, template)
    kept = the_import(tenant)
    headers = open_sheet(files.path_of(kept.file)).headers
    chosen = {f"column_{place}": kept.columns[header] for place, header in enumerate(headers)}
    browser.post(at("import", tenant, kept.pk), chosen)
    tasks.import_contacts.apply(args=[str(kept.pk)], headers={TENANT_HEADER: tenant.pk}, throw=True)

    done = the_import(tenant)
    assert (done.status, done.added, done.rejected) == ("done", 2, 0)
    with tenant_transaction(tenant):
        siobhan = Contact.objects.get(name="Siobhán Reilly")
        assert (siobhan.state, siobhan.language, siobhan.line_type) == ("OR", "es-US", "landline")


# Do not call


def test_a_number_is_added_as_people_write_it_and_lifted_with_a_reason(browser: Client, tenant: Tenant) -> None:
    added = browser.post(at("do_not_call", tenant), {"e164": "(208) 555-0142", "evidence": "Wrote us"}, follow=True)
    with tenant_transaction(tenant):
        entry = DoNotCall.objects.get()
    refused = browser.post(at("lift", tenant, entry.pk), {"why": ""})
    lifted = browser.post(at("lift", tenant, entry.pk), {"why": "Entered by mistake"}, follow=True)

    assert "(208) 555-0142 Entered by a person Rae Ostrander" in text(added).replace("\xa0", " ")
    assert str(entry.e164) == ROSA
    assert refused.status_code == 409
    assert "Nobody yet" in text(lifted)


def test_the_list_names_those_whom_one_knows(browser: Client, tenant: Tenant) -> None:
    with tenant_transaction(tenant):
        Contact.objects.create(e164=ROSA, name="Rosa Delgado")
        contacts.opt_out(ROSA, "key")
        contacts.opt_out("+12085550143", "key")

    page = text(browser.get(at("do_not_call", tenant))).replace("\xa0", " ")

    assert "Rosa Delgado (208) 555-0142" in page
    assert "Nobody in your contacts (208) 555-0143" in page


def test_what_is_no_number_is_refused_beside_its_field(browser: Client, tenant: Tenant) -> None:
    response = browser.post(at("do_not_call", tenant), {"e164": "twelve"})

    assert response.status_code == 422
    assert "not a phone number" in text(response)


# What is remembered


def test_what_is_remembered_is_agreed_to_put_right_and_forgotten_on_the_page(
    browser: Client, tenant: Tenant, rosa: Contact
) -> None:
    browser.post(at("memory", tenant, rosa.pk), {"do": "agree", "source": "Patient form"})
    with tenant_transaction(tenant):
        lines = [
            Memory.objects.create(e164=ROSA, text=text, quote="so I said") for text in ("Child: Anna", "Likes tea")
        ]

    browser.post(at("memory", tenant, rosa.pk), {"do": "save", "memory": lines[0].pk, "text": "Child: Ana"})
    browser.post(at("memory", tenant, rosa.pk), {"do": "erase", "memory": lines[1].pk})
    page = text(browser.get(at("contact", tenant, rosa.pk)))

    assert "Wants to be remembered Patient form" in page
    assert "Child: Ana Fact, changed by" in page
    assert "Likes tea" not in page
    browser.post(at("memory", tenant, rosa.pk), {"do": "forget_all"})
    with tenant_transaction(tenant):
        assert not Memory.objects.exists()
