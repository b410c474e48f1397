"""Who hears, thinks or speaks badly is left alone by the next calls of all processes, and comes back by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from django.urls import reverse
from pytest_django import Settings
from redis import Redis

from agentos import diagnosis
from agentos.diagnosis import State
from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent, AgentVersion
from agents.providers.ports import ProviderError
from agents.transports import CONVERSATION_RELAY, MEDIA_STREAMS
from agents.versions import VersionSpec
from calls import runtime, unwell, vendor_health
from calls.admission import Admission, admit
from calls.engine_health import FEWEST_FAILURES, MINUTES, Health
from calls.lineup import Lineup, choices, line_up
from calls.models import CallEvent
from calls.quick_redis import quick_redis
from calls.runtime import CallClaims, start_call
from calls.unwell import AGAIN, ALONE
from calls.vendor_health import EVERYBODY, Asked, troubles
from calls.wording import happening
from tests.agents.pages import text
from tests.conftest import SignIn
from tests.factories import make_agent, make_tenant
from tests.fakes import PlayedLine
from tests.telephony.relay_specs import relay_spec

A, B, C = 101, 102, 103  # businesses
DEAD = ProviderError("deepgram", "dead", code="connection")
NO_CREDIT = ProviderError("deepgram", "no credit is left", retryable=False, code="quota")
T = TypeVar("T")


@pytest.fixture(autouse=True)
def vendors(settings: Settings) -> Iterator[None]:
    """Vendors that no other test has asked, and a process that has seen nothing."""
    settings.VENDORS = {name: {"api_key": f"{name}-{uuid4()}", "base_url": ""} for name in ("deepgram", "openai")}
    url = settings.REDIS_URL
    vendor_health._seen.clear()
    vendor_health._unsent.clear()
    yield
    vendor_health._seen.clear()
    with Redis.from_url(url) as redis:
        redis.delete("nothing", *redis.scan_iter("vendor-*"))


@pytest.fixture
def alone(settings: Settings) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"


@pytest.fixture
def spec() -> VersionSpec:
    return relay_spec(
        stt_provider="deepgram",
        stt_model="nova-3",
        stt_options={"smart_format": True},
        second_stt_provider="openai",
        second_stt_model="gpt-live-transcribe",
        tts_provider="offline",
        llm_provider="offline",
    )


def hearing(spec: VersionSpec, tenant_id: int = A, *, keys: dict[str, str] | None = None) -> Lineup:
    """Who hears in the next call."""
    return asyncio.run(line_up(spec, keys or {}, tenant_id, MEDIA_STREAMS))


def meet(lineup: Lineup, *came: ProviderError | None, part: str = "stt", index: int = 0) -> None:
    """In a call that goes like this, and of which all processes know."""

    async def scenario() -> None:
        for error in came:
            lineup.on_outcome(part)(index, error)
        await vendor_health.stop_sending()

    asyncio.run(scenario())


def of_redis(question: Callable[[], Awaitable[T]]) -> T:
    async def scenario() -> T:
        return await question()

    return asyncio.run(scenario())


def trial_is_due(spec: VersionSpec, tenant_id: int = A) -> None:
    """The pause is over."""

    async def scenario() -> None:
        async with quick_redis() as redis:
            for circle in hearing_choices(spec)[0].circles(tenant_id):
                await redis.delete(circle.key("trial"))

    asyncio.run(scenario())


def hearing_choices(spec: VersionSpec) -> list[Asked]:
    return choices(spec, "stt", {})


def is_left(lineup: Lineup) -> bool:
    return lineup.spec.stt_provider == "openai"


def test_whoever_fails_in_one_call_is_left_at_the_next_one_of_any_process(spec: VersionSpec):
    first = hearing(spec)
    assert not is_left(first)
    meet(first, *[DEAD] * FEWEST_FAILURES)
    vendor_health._seen.clear()  # another process has not

    after = hearing(spec)

    assert is_left(after)
    assert (after.spec.stt_model, after.spec.second_stt_provider) == ("gpt-live-transcribe", "deepgram")
    assert after.spec.stt_options == {}, "they were the other's"
    told = {"part": "stt", "provider": "deepgram", "model": "nova-3"}
    assert after.left == [told | {"by": "openai", "by_model": "gpt-live-transcribe"}]


def test_one_call_at_a_time_tries_again_and_its_first_answer_brings_everybody_back(spec: VersionSpec):
    meet(hearing(spec), *[DEAD] * FEWEST_FAILURES)
    assert is_left(hearing(spec)), "not before a pause is over"
    trial_is_due(spec)
    trial, *others = [hearing(spec) for _ in range(4)]
    assert [is_left(each) for each in (trial, *others)] == [False, True, True, True]

    meet(trial, None)

    assert [is_left(hearing(spec)) for _ in range(3)] == [False] * 3
    meet(hearing(spec), DEAD, DEAD)
    assert not is_left(hearing(spec)), "what was is forgotten"


def test_a_trial_that_fails_changes_nothing(spec: VersionSpec):
    meet(hearing(spec), *[DEAD] * FEWEST_FAILURES)
    trial_is_due(spec)

    meet(hearing(spec), DEAD)

    assert is_left(hearing(spec))


@pytest.mark.parametrize(("failed", "fine", "left"), [(2, 0, False), (3, 3, True), (3, 4, False)])
def test_several_failures_and_half_of_all_make_somebody_unwell(spec: VersionSpec, failed: int, fine: int, left: bool):
    meet(hearing(spec), *[DEAD] * failed, *[None] * fine)

    assert is_left(hearing(spec)) is left


def test_somebody_whom_calls_have_to_ask_all_the_same_is_forgiven_when_most_are_answered(spec: VersionSpec):
    only = hearing(relay_spec(stt_provider="deepgram", stt_model="nova-3"))
    meet(only, *[DEAD] * FEWEST_FAILURES)
    meet(only, *[None] * FEWEST_FAILURES * 2)

    assert not of_redis(lambda: troubles(hearing_choices(spec), A))
    assert not is_left(hearing(spec))


def test_the_key_of_a_business_makes_nobody_unwell_for_others(spec: VersionSpec):
    keys = {"deepgram": "a key of its own"}
    meet(hearing(spec, keys=keys), *[NO_CREDIT] * FEWEST_FAILURES)

    assert is_left(hearing(spec, keys=keys))
    assert not any(is_left(hearing(spec, tenant)) for tenant in (A, B))
    assert not is_left(hearing(spec, keys={"deepgram": "a new key"}))


def test_those_who_share_a_key_leave_together_once_two_of_them_have_met_it(spec: VersionSpec):
    meet(hearing(spec, A), *[DEAD] * FEWEST_FAILURES * 2)
    assert not is_left(hearing(spec, C))

    meet(hearing(spec, B), DEAD)

    assert is_left(hearing(spec, C))
    known = of_redis(lambda: troubles(hearing_choices(spec), C))
    assert [(trouble.of, own) for trouble, own in known.values()] == [(EVERYBODY, Health(0, 0))]


def test_a_request_that_is_refused_says_nothing_of_whoever_refuses_it(spec: VersionSpec):
    refused = ProviderError("deepgram", "what is that", retryable=False, code="400")
    meet(hearing(spec), *[refused] * 9)

    assert not is_left(hearing(spec))


def test_a_second_choice_that_is_unwell_or_out_of_reach_takes_nobody_s_place(spec: VersionSpec, settings: Settings):
    lineup = hearing(spec)
    meet(lineup, *[DEAD] * FEWEST_FAILURES)
    key = settings.VENDORS["openai"].pop("api_key")
    assert not is_left(hearing(spec))

    settings.VENDORS["openai"]["api_key"] = key
    meet(lineup, *[DEAD] * FEWEST_FAILURES, index=1)
    assert not is_left(hearing(spec))


def test_where_the_carrier_hears_and_speaks_only_the_model_is_chosen(spec: VersionSpec):
    meet(hearing(spec), *[DEAD] * FEWEST_FAILURES)

    carried = asyncio.run(line_up(spec, {}, A, CONVERSATION_RELAY))

    assert list(carried.askeds) == ["llm"]
    assert not is_left(carried)


def test_the_operator_learns_who_fails_everybody_and_who_fails_one_business_alone(spec: VersionSpec):
    assert diagnosis.check_calls().state is State.WELL
    meet(hearing(spec, A), *[DEAD] * FEWEST_FAILURES)
    alone = diagnosis.check_calls()
    assert (alone.state, "deepgram (nova-3)" in alone.sentence) == (State.WELL, True)

    meet(hearing(spec, B), DEAD)

    finding = diagnosis.check_calls()
    assert (finding.state, finding.sentence.partition(" fail")[0]) == (State.BROKEN, "deepgram (nova-3)")


def test_without_redis_a_process_goes_by_what_it_has_seen(
    alone: None, spec: VersionSpec, monkeypatch: pytest.MonkeyPatch
):
    now = vendor_health._minute()
    meet(hearing(spec), *[DEAD] * FEWEST_FAILURES)
    assert is_left(hearing(spec))
    assert not is_left(hearing(spec, B))

    monkeypatch.setattr(vendor_health, "_minute", lambda: now + MINUTES)
    assert not is_left(hearing(spec))


# What people see of it -------------------------------------------------------------------------------------


@pytest.fixture
def far(agent: Agent) -> Agent:
    """Hears by a vendor, and has a second choice for it."""
    asks = {"stt_provider": "deepgram", "stt_model": "nova-3"}
    return make_agent(agent.tenant, "Main line", **asks, second_stt_provider="offline", second_stt_model="offline")


def fails(agent: Agent, times: int, *, of: int) -> None:
    with tenant_transaction(agent.tenant_id):
        spec = VersionSpec.of(AgentVersion.objects.select_related("agent").get(pk=agent.published_id))
    meet(hearing(spec, agent.tenant_id), *[DEAD] * times, *[None] * (of - times))


def told_of(agent: Agent) -> list[str]:
    """What the people of its business read."""
    with tenant_transaction(agent.tenant_id):
        version = AgentVersion.objects.select_related("agent").get(pk=agent.published_id)
        return [f"{each.who} {each.meaning}" for each in unwell.unwell([version], agent.tenant_id) or []]


@pytest.mark.django_db
def test_the_pages_of_agents_say_who_is_unwell_and_what_happens_meanwhile(far: Agent, sign_in: SignIn, owner: User):
    browser, slug, calm = sign_in(owner), far.tenant.slug, "Everything that calls depend on is well"
    pages = [reverse("agents:index", args=[slug]), reverse("agents:edit", args=[slug, far.pk])]
    assert calm in browser.get(pages[0]).content.decode()

    fails(far, 4, of=7)

    for page in pages:
        told = text(browser.get(page))
        assert "Deepgram, which hears in calls, has been unwell since" in told
        assert "It failed 4 of the last 7 times that your calls asked it. Calls are heard by Offline meanwhile." in told
        assert calm not in told


@pytest.mark.django_db
def test_nobody_reads_the_figures_of_another_business(far: Agent, other_tenant: Tenant):
    neighbor = make_agent(other_tenant, "Court line", stt_provider="deepgram", stt_model="nova-3")
    fails(far, 4, of=7)
    assert told_of(neighbor) == []

    fails(make_agent(make_tenant("Third"), stt_provider="deepgram", stt_model="nova-3"), 1, of=1)

    assert told_of(neighbor) == [f"Deepgram, which hears in calls, {ALONE.format('Court line')} {AGAIN}"]


@pytest.mark.django_db
def test_without_redis_no_page_says_that_all_is_well(far: Agent, settings: Settings):
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    with tenant_transaction(far.tenant_id):
        assert unwell.unwell([far.published], far.tenant_id) is None


@pytest.mark.django_db(transaction=True)
def test_the_page_of_a_call_says_who_began_in_whose_place(far: Agent, sign_in: SignIn, owner: User):
    fails(far, 4, of=7)

    async def scenario() -> Admission:
        caller: dict[str, Any] = {"from_number": "+12085550147", "to_number": "+12085550110", "direction": "inbound"}
        admission = await admit(agent_id=far.pk, carrier_sid="CA1", **caller)
        claims = CallClaims(admission.call_id, far.pk, far.tenant_id, segment=1, carrier_sid="CA1")
        call = await start_call(claims, PlayedLine())
        await call.line_closed(caller_hung_up=True)
        await runtime.forget_prepared()
        return admission

    admission = asyncio.run(scenario())

    page = reverse("calls:call", args=[far.tenant.slug, admission.call_id])
    assert "Deepgram was unwell, so Offline heard this call from the start." in text(sign_in(owner).get(page))


def test_two_models_of_one_company_are_told_apart():
    data = {"part": "llm", "provider": "openai", "model": "gpt-6-sol", "by": "openai", "by_model": "gpt-6-luna"}

    told = happening(CallEvent(kind="vendor_left", data=data))

    assert told.text == "OpenAI gpt-6-sol was unwell, so OpenAI gpt-6-luna thought in this call from the start."
