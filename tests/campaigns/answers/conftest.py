"""A reply to a campaign, and somebody who works through replies."""

from __future__ import annotations

import pytest

from agentos.tenants.models import Role, Tenant, User
from agents.models import Agent
from campaigns.models import Campaign, Reply
from tests import factories
from tests.campaigns.answers.test_inbox import ROSA
from tests.campaigns.recorded import make_reply
from tests.campaigns.rows import make_campaign, make_target


@pytest.fixture
def campaign(agent: Agent) -> Campaign:
    return make_campaign(agent)


@pytest.fixture
def reply(campaign: Campaign) -> Reply:
    return make_reply(make_target(campaign, ROSA), transcript="Okay. Um, okay then.")


@pytest.fixture
def ben(tenant: Tenant) -> User:
    return factories.make_member(tenant, Role.MEMBER, name="Ben Ito")
