"""A vendor whose model says what a test gives it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.doubles import Doubles
from tests.doubles.apart import doubles_apart


@pytest.fixture
def vendor(settings: Settings) -> Iterator[Doubles]:
    with doubles_apart() as doubles:
        settings.VENDORS = settings.VENDORS | {"openai": {"api_key": "key", "base_url": doubles.url}}
        yield doubles
