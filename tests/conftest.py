"""Two tenants by default, so that a leak shows itself."""

from __future__ import annotations

import gc
import uuid
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from agentos.tenants.models import Role, Tenant, User
from agents.models import Agent
from calls import runtime
from telephony.models import PhoneNumber
from tests import factories
from tests.doubles.google import CLIENT, GoogleDouble, google_double
from tests.emptying import empty_this_way
from tests.tables import migrated

SignIn = Callable[[User], Client]
OF_THE_SERVERS = {"db", "transactional_db", "live_server", "own_cache"}

empty_this_way()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--servers-only", action="store_true", help="only tests that speak with PostgreSQL or Redis")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected lives until the end: looking through it for garbage, again and again, finds none."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What never speaks with a server is the same beside any."""
    if not config.getoption("--servers-only"):
        return
    kept = [
        item
        for item in items
        if item.get_closest_marker("django_db") or OF_THE_SERVERS & set(getattr(item, "fixturenames", ()))
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The database of a worker is a copy."""
    connection.settings_dict["TEST"]["TEMPLATE"] = migrated()


@pytest.fixture(autouse=True)
def private_files(settings: Settings, tmp_path: Path) -> Path:
    """Recordings, spools and cached speech of a test stay in its own folder; collected static files are not used."""
    settings.DATA_DIR = tmp_path
    settings.SPOOL_DIR = tmp_path / "spool"
    settings.RECORDINGS_DIR = tmp_path / "recordings"
    settings.SPEECH_CACHE_DIR = tmp_path / "speech"
    files = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "clips"}}
    settings.STORAGES = settings.STORAGES | {"clips": files}
    settings.STATIC_ROOT = tmp_path
    return tmp_path


@pytest.fixture(autouse=True)
def nothing_prepared() -> Iterator[None]:
    """Calls that a test let ring, and never connected, are none of the next one's: their event loop is gone."""
    yield
    runtime._prepared.clear()


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def own_cache(settings: Settings) -> None:
    """A part of the cache for this test alone: counted tries of other tests do not count here."""
    settings.CACHES = {"default": settings.CACHES["default"] | {"KEY_PREFIX": f"test-{uuid.uuid4()}"}}


@pytest.fixture
def other_tenant(db: None) -> Tenant:
    """The neighbour, of whom nobody in `tenant` may learn anything."""
    return factories.make_tenant("Harbor Law")


@pytest.fixture
def tenant(other_tenant: Tenant) -> Tenant:
    return factories.make_tenant("Juniper Dental")


@pytest.fixture
def owner(tenant: Tenant) -> User:
    return factories.make_member(tenant, Role.OWNER, email="priya@juniper.example", name="Priya Nair")


@pytest.fixture
def admin(tenant: Tenant) -> User:
    return factories.make_member(tenant, Role.ADMIN, email="mats@juniper.example", name="Mats Lindqvist")


@pytest.fixture
def member(tenant: Tenant) -> User:
    return factories.make_member(tenant, Role.MEMBER, email="rae@juniper.example", name="Rae Ostrander")


@pytest.fixture
def viewer(tenant: Tenant) -> User:
    return factories.make_member(tenant, Role.VIEWER, email="dev@brightwire.example", name="Dev Banerjee")


@pytest.fixture
def stranger(other_tenant: Tenant) -> User:
    """Owner of the other tenant, and nobody in `tenant`."""
    return factories.make_member(other_tenant, Role.OWNER, email="noor@harbor.example", name="Noor Haddad")


@pytest.fixture
def sign_in() -> SignIn:
    """`sign_in(user)` gives a browser in which `user` is signed in; it insists on CSRF tokens only when asked."""

    def signed_in(user: User, *, enforce_csrf_checks: bool = False) -> Client:
        client = Client(enforce_csrf_checks=enforce_csrf_checks)
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture
def other_agent(other_tenant: Tenant) -> Agent:
    return factories.make_agent(
        other_tenant, "Night line", greeting="Harbor Law, after hours.", prompt="You take messages for Harbor Law."
    )


@pytest.fixture
def agent(tenant: Tenant, other_agent: Agent) -> Agent:
    """Published as version 1, with offline providers; the neighbour has one as well."""
    return factories.make_agent(tenant)


@pytest.fixture
def number(tenant: Tenant, agent: Agent) -> PhoneNumber:
    return factories.make_number(tenant, "+12085550110", agent=agent, label="Main line")


@pytest.fixture
def google(settings: Settings) -> Iterator[GoogleDouble]:
    """What Google Calendar is while a test runs."""
    with google_double() as double:
        settings.GOOGLE_CLIENT_ID, settings.GOOGLE_CLIENT_SECRET = CLIENT
        settings.GOOGLE_BASE_URL = double.url
        yield double
