"""Fixtures of the tests of agents."""

from __future__ import annotations

import pytest
from django.test import Client

from agentos.tenants.models import User
from tests.conftest import SignIn


@pytest.fixture
def browser(sign_in: SignIn, owner: User) -> Client:
    return sign_in(owner)
