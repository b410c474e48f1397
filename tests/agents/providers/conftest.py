from collections.abc import AsyncIterator

import pytest

from agents.providers import close_clients
from tests.doubles import Doubles


@pytest.fixture
async def doubles() -> AsyncIterator[Doubles]:
    async with Doubles() as running:
        yield running
        await close_clients()
