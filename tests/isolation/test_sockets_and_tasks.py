"""Sockets and tasks, too, treat what belongs to another tenant as if it did not exist."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from celery import Task
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.conf import settings

from agentos.celery import app
from agentos.jobs import TENANT_HEADER, PlatformTask, TenantTask
from agentos.sockets import websocket_urlpatterns
from agentos.tenants.models import Role
from agentos.tenants.permissions import GRANTS
from tests.isolation import world
from tests.isolation.expectations import PLATFORM_TASKS, SOCKETS, Inside, Tokened
from tests.isolation.matrix import ANONYMOUS, PERSONAS, STRANGER
from tests.isolation.routes import Route, sockets
from tests.isolation.world import MISSING, Business, fingerprint

pytestmark = [pytest.mark.usefixtures("own_cache"), pytest.mark.django_db(transaction=True)]

HERE = [(b"host", b"localhost"), (b"origin", b"http://localhost")]


@pytest.fixture
def juniper(transactional_db: None) -> Business:
    return world.build("juniper", version=1)


@pytest.fixture
def harbor(transactional_db: None) -> Business:
    return world.build("harbor", version=7)


# Sockets


@pytest.fixture
def cookies(juniper: Business, harbor: Business) -> Mapping[str, str]:
    """The session of each persona, as a browser sends it."""
    keys = {**juniper.sessions, STRANGER: harbor.sessions[Role.OWNER]}
    sent = {persona: f"{settings.SESSION_COOKIE_NAME}={key}" for persona, key in keys.items()}
    return sent | {ANONYMOUS: ""}


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
        assert at_home.is_open is (persona in holders or isinstance(expectation, Tokened)), persona
        assert at_home.first == "" or not isinstance(expectation, Tokened)
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
