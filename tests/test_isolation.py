"""No tenant learns anything of another, whoever asks, wherever, by whatever method."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import pytest
from celery import Task
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from agentos.celery import app
from agentos.jobs import TENANT_HEADER, PlatformTask, TenantTask
from agentos.sockets import websocket_urlpatterns
from agentos.tenants.models import Role
from agentos.tenants.permissions import GRANTS
from tests.isolation import holes, world
from tests.isolation.expectations import PLATFORM_TASKS, ROUTES, SOCKETS, Inside
from tests.isolation.matrix import ANONYMOUS, PERSONAS, STRANGER, examine
from tests.isolation.routes import Route, routes, sockets
from tests.isolation.world import MISSING, Business, fingerprint

pytestmark = [pytest.mark.usefixtures("own_cache"), pytest.mark.django_db(transaction=True)]

HERE = [(b"host", b"localhost"), (b"origin", b"http://localhost")]


@pytest.fixture
def juniper(transactional_db: None) -> Business:
    return world.build("juniper", version=1)


@pytest.fixture
def harbor(transactional_db: None) -> Business:
    return world.build("harbor", version=7)


@pytest.fixture
def one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that say the time do not differ for that. The loops of asyncio go on."""

    class Moment(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime(2026, 11, 24, 17, 42, tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr(timezone, "datetime", Moment)


def test_the_world_has_a_row_in_every_table(juniper: Business, harbor: Business) -> None:
    assert world.tables_without_rows(juniper) == []
    assert world.tables_without_rows(harbor) == []


@pytest.mark.matrix
@pytest.mark.parametrize("route", routes(), ids=lambda route: route.name)
def test_a_route_is_open_to_whom_the_table_says_and_tells_nobody_about_others(
    route: Route, juniper: Business, harbor: Business, one_moment: None
) -> None:
    findings = examine(route, ROUTES, juniper, harbor)

    assert not findings, "\n".join(findings)


def test_the_tables_name_nothing_that_is_gone() -> None:
    assert set(ROUTES) - {route.name for route in routes()} == set()
    assert set(SOCKETS) - {route.name for route in sockets()} == set()


@pytest.mark.parametrize("name", holes.NOTICED)
def test_a_planted_hole_is_found(name: str, settings: Settings, juniper: Business, harbor: Business) -> None:
    settings.ROOT_URLCONF = holes.__name__
    [route] = [route for route in routes(holes.__name__) if route.name == name]

    findings = examine(route, holes.TABLE, juniper, harbor, personas=(ANONYMOUS, Role.MEMBER, Role.VIEWER))

    assert any(finding.startswith(holes.NOTICED[name]) for finding in findings), "\n".join(findings)


# Sockets


@pytest.fixture
def cookies(juniper: Business, harbor: Business) -> Mapping[str, str]:
    """The session of each persona, as a browser sends it."""
    people = {**juniper.people, STRANGER: harbor.people[Role.OWNER]}
    sent = {ANONYMOUS: ""}
    for persona, user in people.items():
        client = Client()
        client.force_login(user)
        sent[persona] = f"{django_settings.SESSION_COOKIE_NAME}={client.session.session_key}"
    return sent


@dataclass(frozen=True)
class Glimpse:
    """Whether a socket opened, and the first that it had to say."""

    is_open: bool
    first: str

    @classmethod
    async def of(cls, route: Route, values: Mapping[str, str], cookie: str) -> Glimpse:
        headers = [*HERE, (b"cookie", cookie.encode())]
        socket = WebsocketCommunicator(ROUTER, route.address(dict(values)), headers=headers)
        is_open, _ = await socket.connect(timeout=10)
        if not is_open:
            return cls(False, "")
        first = "" if await socket.receive_nothing(timeout=LISTEN_S) else str(await socket.receive_output())
        await socket.disconnect()
        return cls(True, first)


ROUTER = URLRouter(websocket_urlpatterns)
LISTEN_S = 0.3  # nothing should come, and to see nothing takes some time


@pytest.mark.parametrize("route", sockets(), ids=lambda route: route.name)
async def test_a_socket_opens_for_whom_the_table_says_and_shows_nobody_elses_calls(
    route: Route, juniper: Business, harbor: Business, cookies: Mapping[str, str]
) -> None:
    expectation = SOCKETS[route.name]
    holders = GRANTS[expectation.look].roles if isinstance(expectation, Inside) else set()
    own = {name: juniper.parameters[name] for name in route.parameters}

    for persona in PERSONAS:
        hidden = juniper if persona == STRANGER else harbor
        at_home = await Glimpse.of(route, own, cookies[persona])
        assert at_home.is_open is (persona in holders), persona
        for name in own:
            if (persona, name) == (STRANGER, "slug"):
                continue  # the other slug is the stranger's own
            theirs = await Glimpse.of(route, own | {name: harbor.parameters[name]}, cookies[persona])
            nobodys = await Glimpse.of(route, own | {name: MISSING[name]}, cookies[persona])
            assert theirs == nobodys, f"{persona} tells {name} of another tenant from a missing one"
            assert not any(secret in theirs.first for secret in hidden.secrets)
            assert not (theirs.is_open and name == "slug")


# Tasks


def tasks() -> list[Task]:
    app.loader.import_default_modules()
    return [task for name, task in sorted(app.tasks.items()) if not name.startswith("celery.")]


TENANT_TASKS = [task for task in tasks() if isinstance(task, TenantTask)]


def test_every_task_serves_one_tenant_or_is_known_to_serve_all() -> None:
    assert {task.name for task in tasks() if isinstance(task, PlatformTask)} == set(PLATFORM_TASKS)
    assert [task.name for task in tasks() if not isinstance(task, PlatformTask | TenantTask)] == []


@pytest.mark.parametrize("task", TENANT_TASKS, ids=lambda task: task.name)
def test_a_task_without_a_tenant_does_not_run(task: Task) -> None:
    with pytest.raises(LookupError):
        task(*_arguments(task, MISSING))


@pytest.mark.parametrize("task", TENANT_TASKS, ids=lambda task: task.name)
def test_a_task_treats_ids_of_another_tenant_as_missing(task: Task, juniper: Business, harbor: Business) -> None:
    before = fingerprint(harbor)

    outcomes = []
    for ids in (harbor.parameters, MISSING):
        ran = task.apply(args=_arguments(task, ids), headers={TENANT_HEADER: juniper.tenant.pk}, retries=99)
        outcomes.append((ran.state, type(ran.result)))

    assert outcomes[0] == outcomes[1]
    assert fingerprint(harbor) == before


def _arguments(task: Task, ids: Mapping[str, str]) -> list[str]:
    """An id for each parameter; one that no fixture knows fails the run."""
    return [ids[name] for name in inspect.signature(task.run).parameters]
