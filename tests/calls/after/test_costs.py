"""What calls cost, by whom and of what; and a budget that warns, and holds back what its owner chose."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse
from django.utils.timezone import now
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from agentos.errors import DomainError
from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.after.budget import current, is_spent, set_budget, watch
from calls.after.costs import Tally, charge, charge_ended, tally
from calls.after.models import Budget, Cost
from calls.after.prices import cents_for, table
from calls.models import Call, ToolRun
from calls.services import NewCall, open_call
from tests import factories
from tests.calls.talks import ended_call
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db
BY_TRUNK = "+12085550119"


@pytest.mark.parametrize(
    ("model", "on", "cents"),
    [
        ("eleven_v4_turbo", date(2025, 1, 1), "1.10"),  # before the first price that is known, that
        ("eleven_v4_turbo", date(2026, 10, 11), "1.10"),
        ("eleven_v4_turbo", date(2026, 10, 12), "4.00"),
        ("eleven_flash_v2_5", date(2026, 11, 1), "5.00"),
        ("something_else", date(2026, 11, 1), None),
    ],
)
def test_a_price_is_that_of_the_model_and_holds_from_its_day_on(model: str, on: date, cents: str | None) -> None:
    found = cents_for(1000, "tts", "elevenlabs", model, "characters", on)

    assert found == (None if cents is None else Decimal(cents))


def test_of_two_prices_the_one_that_names_the_model_more_exactly_counts() -> None:
    assert cents_for(60, "stt", "deepgram", "flux-general-en", "seconds", date(2026, 11, 1)) == Decimal("0.65")
    assert cents_for(60, "stt", "deepgram", "flux-general-multi", "seconds", date(2026, 11, 1)) == Decimal("0.78")


@pytest.mark.parametrize(
    ("provider", "model", "unit", "cents"),
    [
        ("openai", "gpt-6-luna", "cached_tokens", "1"),
        ("openai", "gpt-realtime-2.1", "heard_again_tokens", "40"),
        ("anthropic", "claude-haiku-5-5", "cached_tokens", "10"),  # no price of its own is known: as if it were new
    ],
)
def test_what_a_model_has_read_before_costs_less_where_that_price_is_known(
    provider: str, model: str, unit: str, cents: str
) -> None:
    assert cents_for(1_000_000, "llm", provider, model, unit, date(2026, 11, 1)) == Decimal(cents)


def test_every_price_says_where_it_is_from() -> None:
    assert [price for price in table() if not price.source or price.per <= 0 or price.cents < 0] == []


def spoken(agent: Agent, seconds: int = 61, **fields: Any) -> Call:
    """A call with hearing, a model, a voice that has no price, and a guess that was dropped."""
    call = ended_call(agent, seconds, **({"from_number": "+12085550147"} | fields))
    factories.make_usage(call, 60, provider="deepgram", model="nova-3")
    for unit in ("input_tokens", "output_tokens"):
        factories.make_usage(call, 10_000, kind="llm", provider="openai", model="gpt-6-luna", unit=unit)
    factories.make_usage(call, 1000, kind="tts", provider="elevenlabs", model="eleven_flash_v2", unit="characters")
    factories.make_usage(
        call, 200, kind="tts", provider="elevenlabs", model="eleven_flash_v2", unit="characters", speculative=True
    )
    factories.make_usage(call, 5, kind="tts", provider="someone", model="new", unit="characters")
    return call


def counted(call: Call) -> dict[str, str]:
    with tenant_transaction(call.tenant_id):
        return {name: f"{cents.normalize():f}" for name, cents in tally(call, call.usage.all()).parts.items()}


def test_a_call_costs_begun_minutes_and_all_that_was_used_also_in_vain(agent: Agent) -> None:
    call = spoken(agent)

    assert counted(call) == {"carrier": "2.5", "stt": "0.48", "llm": "0.6", "tts": "6"}
    with tenant_transaction(call.tenant_id):
        assert charge(call).unpriced == ["someone new"]
        assert charge(call).cents == Decimal("9.58")
        assert Cost.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "cents"),
    [
        ({"direction": "outbound"}, "3.6"),
        ({"direction": "outbound", "to_number": "sip:204@pbx.example.com"}, "1.6"),
        ({"direction": "outbound", "from_number": BY_TRUNK}, "1.6"),
        ({"channel": "browser"}, None),
        ({"to_number": "+18005550119"}, "5.2"),
    ],
)
def test_the_telephone_costs_by_direction_and_a_call_from_the_browser_nothing(
    agent: Agent, fields: dict[str, str], cents: str | None
) -> None:
    factories.make_number(agent.tenant, BY_TRUNK, byoc_trunk="BY" + "0" * 32)

    assert counted(ended_call(agent, 61, **fields)).get("carrier") == cents


def test_a_call_abroad_and_a_text_message_are_said_to_have_no_known_price(agent: Agent) -> None:
    call = ended_call(agent, 61, direction="outbound", to_number="+442079460123")

    with tenant_transaction(agent.tenant_id):
        ToolRun.objects.create(call=call, key="1", turn=0, name="send_sms", state="done")
        found = tally(call, [])

    assert found == Tally({"carrier": Decimal("0.80")}, ["telephone abroad", "text messages"])


def test_calls_that_are_over_are_charged_once_and_those_that_nobody_took_never(agent: Agent) -> None:
    spoken(agent)
    with tenant_transaction(agent.tenant_id):
        Call.objects.filter(pk=ended_call(agent).pk).update(answered_at=None)
        for _ in range(2):
            charge_ended(now(), now() - timedelta(days=1), 10)

        assert Cost.objects.count() == 1


# A budget


def budget_of(tenant: Tenant, cents: int, at_limit: str = "hold") -> None:
    with tenant_transaction(tenant):
        set_budget(cents, at_limit)


def watched(tenant: Tenant, capture: DjangoCaptureOnCommitCallbacks) -> list[str]:
    """The subjects of the mails that were sent."""
    mail.outbox.clear()
    with capture(execute=True):
        watch(tenant, now())
    return [f"{message.subject} to {message.to[0]}" for message in mail.outbox]


def test_mail_that_is_away_stops_no_count_of_a_budget(
    agent: Agent,
    owner: User,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", 9
    budget_of(agent.tenant, 1)
    with tenant_transaction(agent.tenant_id):
        charge(spoken(agent, ended_at=now()))

    assert watched(agent.tenant, django_capture_on_commit_callbacks) == []
    with tenant_transaction(agent.tenant_id):
        assert Budget.objects.get().told_percent == 100


def test_leads_are_told_at_80_and_at_100_percent_and_once(
    agent: Agent, owner: User, member: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    tenant, capture = agent.tenant, django_capture_on_commit_callbacks
    budget_of(tenant, 11)
    before = watched(tenant, capture)
    for _ in range(2):
        with tenant_transaction(tenant):
            charge(spoken(agent, ended_at=now()))

    with tenant_transaction(tenant):
        Cost.objects.first().delete()
    near = watched(tenant, capture)
    with tenant_transaction(tenant):
        charge(spoken(agent, ended_at=now()))
    over = watched(tenant, capture)

    assert before == []
    assert near == [f"{tenant}: 80% of the budget is spent to priya@juniper.example"]
    assert over == [f"{tenant}: 100% of the budget is spent to priya@juniper.example"]
    assert watched(tenant, capture) == []


def test_a_month_ends_by_the_clock_of_the_business(tenant: Tenant) -> None:
    budget_of(tenant, 11)
    evening, midnight = (datetime(2026, 12, 1, hour, tzinfo=UTC) for hour in (3, 5))
    watch(tenant, evening)

    with tenant_transaction(tenant):
        assert current(evening) is not None
        assert current(midnight) is None


@pytest.mark.parametrize(
    ("at_limit", "held"),
    [("warn", []), ("hold", ["campaigns"]), ("refuse", ["campaigns", "callers"])],
)
def test_what_waits_when_it_is_spent_is_chosen_and_callers_are_answered_unless_told_otherwise(
    agent: Agent, at_limit: str, held: list[str]
) -> None:
    tenant = agent.tenant
    budget_of(tenant, 1, at_limit)
    with tenant_transaction(tenant):
        charge(spoken(agent, ended_at=now()))
    watch(tenant, now())

    with tenant_transaction(tenant):
        assert [each for each in ("campaigns", "callers") if is_spent(keeps=each)] == held
    new = NewCall(
        call_id=agent.pk,
        agent_id=agent.pk,
        version_id=agent.published_id or 0,
        channel="phone",
        direction="inbound",
        from_number="+12085550147",
        to_number="+12085550110",
        carrier_sid="CA1",
        created_at=now(),
    )
    if "callers" in held:
        with pytest.raises(DomainError, match="budget"):
            open_call(tenant.pk, new)
    else:
        assert open_call(tenant.pk, new).status == "ringing"


def test_the_page_of_costs_shows_the_month_and_takes_a_budget(agent: Agent, owner: User, sign_in: SignIn) -> None:
    call = spoken(agent, ended_at=now())
    with tenant_transaction(agent.tenant_id):
        charge(call)
    browser, address = sign_in(owner), reverse("calls:costs", args=[agent.tenant.slug])

    shown = browser.get(address).content.decode()
    wrong = browser.post(address, {"dollars": "-1", "at_limit": "hold"})
    right = browser.post(address, {"dollars": "2.50", "at_limit": "warn"})

    assert "$0.096" in shown
    assert (wrong.status_code, right.status_code) == (422, 302)
    with tenant_transaction(agent.tenant_id):
        assert Budget.objects.get().monthly_cents == 250
    assert "$0.096" in browser.get(reverse("calls:call", args=[agent.tenant.slug, call.pk])).content.decode()
    assert "Nothing was spent" in browser.get(address, {"month": "2020-01"}).content.decode()
    assert browser.post(address, {"dollars": "", "at_limit": "hold"}).status_code == 302
    with tenant_transaction(agent.tenant_id):
        assert not Budget.objects.exists()


def test_who_may_not_see_costs_sees_none(agent: Agent, viewer: User, sign_in: SignIn) -> None:
    call = spoken(agent)
    with tenant_transaction(agent.tenant_id):
        charge(call)
    browser, slug = sign_in(viewer), agent.tenant.slug

    assert browser.get(reverse("calls:costs", args=[slug])).status_code == 403
    for name, args in (("call", [slug, call.pk]), ("index", [slug]), ("export", [slug])):
        assert "0.096" not in browser.get(reverse(f"calls:{name}", args=args)).content.decode()
