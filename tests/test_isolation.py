"""No tenant learns anything of another, whoever asks, at whatever address, by whatever method."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import pytest
from django.test import override_settings
from django.utils import timezone
from pytest_django import DjangoDbBlocker, Settings

from agentos.tenants.models import Role
from tests.emptying import empty_database
from tests.isolation import holes, world
from tests.isolation.expectations import ROUTES, SOCKETS
from tests.isolation.matrix import ANONYMOUS, examine
from tests.isolation.routes import Route, routes, sockets
from tests.isolation.world import Business

pytestmark = pytest.mark.usefixtures("own_cache")


@dataclass(frozen=True)
class World:
    juniper: Business
    harbor: Business


@pytest.fixture(scope="module")
def lasting_world(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, Path]]:
    """Both tenants for many tests, each of which undoes what it does."""
    files = tmp_path_factory.mktemp("recordings")
    with django_db_blocker.unblock(), override_settings(RECORDINGS_DIR=files, DATA_DIR=files / "data"):
        world_ = World(world.build("juniper", version=1), world.build("harbor", version=7))
        for business in (world_.juniper, world_.harbor):  # before anything is changed and undone
            assert business.sessions
            assert business.untouched
        yield world_, files
        empty_database()


@pytest.fixture
def db() -> None:
    """Asks for a database like the fixture that it replaces, but for no transaction: each request has one to itself."""


@pytest.fixture
def walked(lasting_world: tuple[World, Path], db: None, settings: Settings) -> World:
    world_, settings.RECORDINGS_DIR = lasting_world
    settings.DATA_DIR = settings.RECORDINGS_DIR / "data"
    return world_


@pytest.fixture
def one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that say the time do not differ for that. The loops of asyncio go on."""

    class Moment(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime(2026, 11, 24, 17, 42, tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr(timezone, "datetime", Moment)


def test_the_world_has_a_row_in_every_table(walked: World) -> None:
    assert world.tables_without_rows(walked.juniper) == []
    assert world.tables_without_rows(walked.harbor) == []


@pytest.mark.matrix
@pytest.mark.parametrize("route", routes(), ids=lambda route: route.name)
def test_a_route_is_open_to_whom_the_table_says_and_tells_nobody_about_others(
    route: Route, walked: World, one_moment: None
) -> None:
    findings = examine(route, ROUTES, walked.juniper, walked.harbor)

    assert not findings, "\n".join(findings)


def test_the_tables_name_nothing_that_is_gone() -> None:
    assert set(ROUTES) - {route.name for route in routes()} == set()
    assert set(SOCKETS) - {route.name for route in sockets()} == set()


@pytest.mark.parametrize("name", holes.NOTICED)
def test_a_planted_hole_is_found(name: str, settings: Settings, walked: World) -> None:
    settings.ROOT_URLCONF = holes.__name__
    [route] = [route for route in routes(holes.__name__) if route.name == name]

    findings = examine(
        route, holes.TABLE, walked.juniper, walked.harbor, personas=(ANONYMOUS, Role.MEMBER, Role.VIEWER)
    )

    assert any(finding.startswith(holes.NOTICED[name]) for finding in findings), "\n".join(findings)
