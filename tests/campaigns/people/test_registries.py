"""The files of the do-not-call registries: loaded behind the page, all or nothing, and old after 31 days."""

from __future__ import annotations

import tracemalloc
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.jobs import TENANT_HEADER
from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns import tasks
from campaigns.importing import files, progress
from campaigns.models import Registry, RegistryFile, RegistryNumber
from campaigns.people import registries
from campaigns.people.registries import key_of, load_registry
from tests import factories
from tests.campaigns.people.test_contact_pages import at, text
from tests.campaigns.people.test_contacts import ANA, ROSA, reasons
from tests.conftest import SignIn

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_cache")]


@pytest.fixture
def browser(sign_in: SignIn, member: User) -> Client:
    return sign_in(member)


def load(tenant: Tenant, content: bytes, name: str = "national") -> list[Registry]:
    with tenant_transaction(tenant):
        return load_registry(BytesIO(content), name)


def listed(tenant: Tenant) -> set[tuple[str, str, int]]:
    with tenant_transaction(tenant):
        rows = RegistryNumber.objects.select_related("registry")
        return {(row.registry.name, row.registry.area_code, row.digits) for row in rows}


@pytest.mark.parametrize(
    "content", [b"212,5550142\r\n212,5550143\r\n", b"2125550142\n\n2125550143", b"2125550142\n" * 2 + b"2125550143\n"]
)
def test_both_forms_of_the_registry_are_read(tenant: Tenant, content: bytes) -> None:
    [registry] = load(tenant, content)

    assert listed(tenant) == {("national", "212", 5550142), ("national", "212", 5550143)}
    assert (registry.area_code, registry.numbers, len(registry.version)) == ("212", 2, 64)


def test_a_newer_file_replaces_its_own_area_codes_and_no_others(tenant: Tenant) -> None:
    load(tenant, b"212,5550142\n208,5550100\n")
    load(tenant, b"212,5550199\n", "NY")
    load(tenant, b"212,5550143\n")

    assert listed(tenant) == {("national", "212", 5550143), ("national", "208", 5550100), ("NY", "212", 5550199)}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"212,5550142\n212,555014\n", "Line 2"),
        (b"area,number\n", "Line 1"),
        (b"9" * 1_000_000, "Line 1"),
    ],
)
def test_a_file_that_is_no_registry_changes_nothing(tenant: Tenant, content: bytes, words: str) -> None:
    load(tenant, b"212,5550100\n")

    with pytest.raises(DomainError, match=words):
        load(tenant, content)

    assert listed(tenant) == {("national", "212", 5550100)}


def test_a_registry_stops_sales_calls_at_once_and_blocks_them_when_it_is_old(tenant: Tenant, agent: Agent) -> None:
    assert "dnc_missing" in reasons(agent, purpose="telemarketing", at=now())

    load(tenant, f"212,{ROSA[5:]}\n".encode())
    assert "dnc_registry" in reasons(agent, purpose="telemarketing", at=now())
    assert "dnc_registry" not in reasons(agent, ANA, purpose="telemarketing", at=now())
    assert "dnc_stale" in reasons(agent, ANA, purpose="telemarketing", at=now() + timedelta(days=31, minutes=1))


def test_a_file_counts_from_the_day_on_which_the_registry_was_asked(tenant: Tenant, agent: Agent) -> None:
    with tenant_transaction(tenant):
        load_registry(BytesIO(b"212,5550100\n"), asked_at=now() - timedelta(days=30))

    assert "dnc_stale" not in reasons(agent, ANA, purpose="telemarketing", at=now())
    assert "dnc_stale" in reasons(agent, ANA, purpose="telemarketing", at=now() + timedelta(days=1, minutes=1))


def test_a_large_file_is_never_in_memory_as_a_whole(tenant: Tenant) -> None:
    rows = b"".join(b"212,%07d\n" % number for number in range(40_000))
    heard: list[int] = []
    file = BytesIO(rows)

    tracemalloc.start()
    with tenant_transaction(tenant):
        [registry] = load_registry(file, told=heard.append)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert registry.numbers == 40_000
    assert heard == sorted(heard)
    assert (len(heard), heard[-1]) == (8, len(rows))
    assert most < 40 * 2**20  # rows of one chunk as objects; all of them would take eight times that


# The page


def take_in(browser: Client, tenant: Tenant, content: bytes, **fields: str) -> str:
    file = SimpleUploadedFile("list.txt", content)
    typed = {"name": "national", "day": str(factories.today(tenant)), "file": file, **fields}
    return text(browser.post(at("registry", tenant), typed, follow=True))


def work(tenant: Tenant) -> RegistryFile:
    """Run the task as a worker does; how the file stands afterwards."""
    with tenant_transaction(tenant):
        load_id = RegistryFile.objects.latest("created_at").pk
    tasks.load_registry.apply(args=[str(load_id)], headers={TENANT_HEADER: tenant.pk}, throw=True)
    with tenant_transaction(tenant):
        found: RegistryFile = RegistryFile.objects.get(pk=load_id)
        return found


def test_a_file_is_loaded_behind_the_page_which_shows_how_far_it_is(browser: Client, tenant: Tenant) -> None:
    page = take_in(browser, tenant, b"208,5550142\n208,5550143\n")
    with tenant_transaction(tenant):
        load = RegistryFile.objects.get()
        assert not Registry.objects.exists()
    assert "Loading the national file. What was loaded before counts until it is done." in page
    progress.tell(tenant.pk, key_of(load), progress.Progress(50, 200))
    assert "25%" in text(browser.get(at("registry", tenant)))

    done = work(tenant)

    assert (done.status, done.numbers, done.area_codes) == ("done", 2, ["208"])
    after = text(browser.get(at("do_not_call", tenant)))
    assert "208 National Today 2 numbers, file" in after
    assert "Loading" not in after


def test_a_file_that_is_no_registry_is_said_to_be_none_with_its_line(browser: Client, tenant: Tenant) -> None:
    take_in(browser, tenant, b"208,5550142\nnonsense\n", name="ID")

    assert work(tenant).status == "failed"

    page = text(browser.get(at("do_not_call", tenant)))
    assert "The ID file was not loaded. Line 2 is not a number such as 202,5550123" in page
    assert listed(tenant) == set()


def test_a_fault_of_ours_leaves_what_was_loaded_before(
    browser: Client, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(tenant, b"208,5550100\n")
    take_in(browser, tenant, b"208,5550142\n208,5550143\n")

    def break_down(*told: object) -> None:
        raise RuntimeError("+12085550142")

    monkeypatch.setattr(registries, "CHUNK", 1)
    monkeypatch.setattr(progress, "tell", break_down)
    failed = work(tenant)

    assert failed.status == "failed"
    assert "Nothing was loaded" in failed.problem
    assert listed(tenant) == {("national", "208", 5550100)}


@pytest.mark.django_db(transaction=True)
def test_a_file_is_loaded_once_and_not_kept(browser: Client, tenant: Tenant) -> None:
    take_in(browser, tenant, b"208,5550142\n")
    first = work(tenant)
    load(tenant, b"208,5550199\n")
    again = work(tenant)

    assert first.status == again.status == "done"
    assert listed(tenant) == {("national", "208", 5550199)}
    assert not files.path_of(first.file).exists()


def test_a_worker_that_is_gone_is_said_to_be_gone(browser: Client, tenant: Tenant) -> None:
    with tenant_transaction(tenant):
        RegistryFile.objects.create(name="national", file="imports/x", asked_at=now())

    assert "Nothing was heard" in text(browser.get(at("do_not_call", tenant)))


def test_the_page_warns_before_a_file_is_too_old_and_says_what_is_blocked_after(
    browser: Client, tenant: Tenant
) -> None:
    load(tenant, b"208,5550142\n")
    assert "registry file" not in text(browser.get(at("do_not_call", tenant))).lower().split("your own list")[0]

    with tenant_transaction(tenant):
        Registry.objects.update(loaded_at=now() - timedelta(days=26))
    soon = text(browser.get(at("do_not_call", tenant)))
    assert "A registry file ends soon. 208 in 4 days." in soon
    assert "Counts for 4 more days" in soon

    with tenant_transaction(tenant):
        Registry.objects.update(loaded_at=now() - timedelta(days=31, minutes=1))
    over = text(browser.get(at("do_not_call", tenant)))
    assert "Sales calls are blocked in 1 area code: the registry file is older than 31 days. 208." in over
    assert "Older than 31 days: sales calls there are blocked" in over


def test_an_expired_file_is_refused_before_it_is_loaded(browser: Client, tenant: Tenant) -> None:
    page = take_in(browser, tenant, b"208,5550142\n", day=str(factories.today(tenant) - timedelta(days=32)))

    assert "This file is older than 31 days and counts no more. Please download a new one." in page
    with tenant_transaction(tenant):
        assert not RegistryFile.objects.exists()


def test_those_who_only_look_cannot_load(sign_in: SignIn, viewer: User, tenant: Tenant) -> None:
    assert sign_in(viewer).get(reverse("contacts:registry", args=[tenant.slug])).status_code == 403
