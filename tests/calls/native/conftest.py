"""An account at a vendor that runs conversations, and what is known of engines by this test alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from calls import engine_health
from tests.doubles.elevenlabs_agents import KEY, HostedAgents, hosted_agents


@pytest.fixture
def vendor(settings: Settings) -> Iterator[HostedAgents]:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    engine_health._seen.clear()
    with hosted_agents() as double:
        settings.PUBLIC_URL = "https://agents.example"
        settings.VENDORS = {**settings.VENDORS, "elevenlabs": {"api_key": KEY, "base_url": double.url}}
        yield double
    engine_health._seen.clear()
