"""Each attempt asks the carrier once, whatever happens to the worker, the network and the queue."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import count

import psycopg
import pytest
from django.db import connection
from pytest_django import Settings

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.calling import addresses
from campaigns.calling.canceling import cancel
from campaigns.calling.claiming import claim_due
from campaigns.calling.dialling import Dialer
from campaigns.calling.locks import DIALLING, dialling
from campaigns.calling.reconciling import reconcile, unfinished
from campaigns.calling.settling import advance, settle
from campaigns.calling.turns import play
from campaigns.models import Attempt, Campaign, DialReceipt, DoNotCall, Target
from campaigns.receipts import Fault, verify
from campaigns.services import stop
from telephony.simulator.faults import Mode, RestFault
from telephony.simulator.server import PracticeCarrier
from tests.campaigns.line import in_thread
from tests.campaigns.people.test_optout import queued_tasks
from tests.campaigns.rows import LONG_AGO, NIGHT, NOON, ROSA, claimed, dial, look, make_campaign

THEO = "+12125550129"

pytestmark = pytest.mark.django_db(transaction=True)


def answers(agent: Agent) -> list[tuple[str, str]]:
    with tenant_transaction(agent.tenant_id):
        return [(each.body["occasion"], each.answer) for each in DialReceipt.objects.all()]


async def test_an_attempt_is_placed_once_however_often_it_is_asked_for(agent: Agent, practice: PracticeCarrier) -> None:
    _, attempt_id = await in_thread(claimed, agent)

    for _ in range(3):
        await in_thread(dial, agent.tenant_id, attempt_id, lambda: NOON)

    attempt = await in_thread(look, agent, attempt_id)
    assert (attempt.state, len(practice.exchange.calls)) == ("placed", 1)
    assert attempt.carrier_sid in practice.exchange.calls
    assert await in_thread(answers, agent) == [("claim", "allow"), ("dial", "allow")]


async def test_an_opt_out_between_claim_and_dial_is_the_last_word(agent: Agent, practice: PracticeCarrier) -> None:
    _, attempt_id = await in_thread(claimed, agent)

    def opt_out() -> None:
        with tenant_transaction(agent.tenant_id):
            DoNotCall.objects.create(e164=ROSA, source="admin", since=LONG_AGO)

    await in_thread(opt_out)
    await in_thread(dial, agent.tenant_id, attempt_id, lambda: NOON)

    attempt = await in_thread(look, agent, attempt_id)
    assert (attempt.outcome, attempt.target.status, len(practice.exchange.calls)) == ("refused", "left_out", 0)
    assert await in_thread(answers, agent) == [("claim", "allow"), ("dial", "deny")]


async def test_what_was_queued_in_the_day_is_not_dialled_at_night(agent: Agent, practice: PracticeCarrier) -> None:
    _, attempt_id = await in_thread(claimed, agent)

    await in_thread(dial, agent.tenant_id, attempt_id, lambda: NIGHT)

    attempt = await in_thread(look, agent, attempt_id)
    assert (attempt.target.status, attempt.target.attempts_made, len(practice.exchange.calls)) == ("waiting", 0, 0)


async def test_a_pause_makes_what_is_queued_void(agent: Agent, practice: PracticeCarrier) -> None:
    campaign, attempt_id = await in_thread(claimed, agent)

    def pause_and_start_again() -> None:
        with tenant_transaction(agent.tenant_id):
            Campaign.objects.filter(pk=campaign.pk).update(generation=2)

    await in_thread(pause_and_start_again)
    await in_thread(dial, agent.tenant_id, attempt_id, lambda: NOON)

    attempt = await in_thread(look, agent, attempt_id)
    assert (attempt.outcome, attempt.target.status, len(practice.exchange.calls)) == ("void", "waiting", 0)


async def test_stopping_a_campaign_silences_the_telephones_that_still_ring(
    agent: Agent, practice: PracticeCarrier
) -> None:
    campaign, attempt_id = await in_thread(claimed, agent)
    await in_thread(dial, agent.tenant_id, attempt_id, lambda: NOON)

    queued = await in_thread(queued_tasks, agent, lambda agent: stop(agent.tenant, campaign.pk))
    assert ("campaigns.tasks.cancel_call", attempt_id) in queued
    await in_thread(cancel, agent.tenant_id, attempt_id)

    (sid,) = practice.exchange.calls
    record = await practice.exchange.record(sid)
    assert (record.answered, record.ended_by) == (None, "api")


@pytest.mark.parametrize("mode", [Mode.LOSE_REPLY, Mode.ERROR_AFTER_ACCEPT])
async def test_a_call_whose_reply_was_lost_is_found_and_not_placed_again(
    agent: Agent, practice: PracticeCarrier, mode: Mode
) -> None:
    practice.faults.add(RestFault(mode))
    _, attempt_id = await in_thread(claimed, agent)

    await in_thread(dial, agent.tenant_id, attempt_id)
    assert (await in_thread(look, agent, attempt_id)).state == "unknown"
    await in_thread(dial, agent.tenant_id, attempt_id)
    await in_thread(reconcile, agent.tenant_id, attempt_id)

    attempt = await in_thread(look, agent, attempt_id)
    assert (attempt.state, len(practice.exchange.calls)) == ("placed", 1)


async def test_a_call_that_never_came_about_frees_the_person_after_a_while(
    agent: Agent, practice: PracticeCarrier
) -> None:
    _, attempt_id = await in_thread(claimed, agent)

    def asked_and_died() -> None:
        with tenant_transaction(agent.tenant_id):
            Attempt.objects.filter(pk=attempt_id).update(state="asked", asked_at=NOON)

    await in_thread(asked_and_died)
    await in_thread(reconcile, agent.tenant_id, attempt_id, lambda: NOON + timedelta(seconds=40))
    assert (await in_thread(look, agent, attempt_id)).state == "asked"  # the carrier may still come to list it

    await in_thread(reconcile, agent.tenant_id, attempt_id, lambda: NOON + timedelta(minutes=3))
    attempt = await in_thread(look, agent, attempt_id)
    assert (attempt.outcome, attempt.target.status) == ("not_placed", "waiting")


async def test_nobody_touches_the_attempt_of_a_worker_that_lives(agent: Agent, practice: PracticeCarrier) -> None:
    _, attempt_id = await in_thread(claimed, agent)

    def while_it_is_frozen() -> None:
        settings = connection.get_connection_params()
        wanted = {name: settings[name] for name in ("dbname", "user", "password", "host", "port") if settings.get(name)}
        with psycopg.connect(**wanted, autocommit=True) as frozen:
            frozen.execute("select pg_advisory_lock(%s, %s)", [DIALLING, attempt_id.int % 2**31])
            dial(agent.tenant_id, attempt_id, lambda: NOON)
            reconcile(agent.tenant_id, attempt_id, lambda: NOON + timedelta(hours=1))

    await in_thread(while_it_is_frozen)

    assert (await in_thread(look, agent, attempt_id)).state == "claimed"
    await in_thread(reconcile, agent.tenant_id, attempt_id, lambda: NOON + timedelta(hours=1))
    assert (await in_thread(look, agent, attempt_id)).outcome == "void"


async def test_a_throttled_request_is_not_counted_as_an_attempt(agent: Agent, practice: PracticeCarrier) -> None:
    practice.faults.add(RestFault(Mode.THROTTLE))
    _, attempt_id = await in_thread(claimed, agent)

    await in_thread(dial, agent.tenant_id, attempt_id, lambda: NOON)

    attempt = await in_thread(look, agent, attempt_id)
    assert (attempt.outcome, attempt.target.status, attempt.target.attempts_made) == ("throttled", "waiting", 0)
    assert attempt.target.due_at > NOON


async def test_an_account_that_is_suspended_pauses_the_campaign(agent: Agent, practice: PracticeCarrier) -> None:
    practice.faults.add(RestFault(Mode.SUSPENDED))
    _, attempt_id = await in_thread(claimed, agent)

    await in_thread(dial, agent.tenant_id, attempt_id, lambda: NOON)

    attempt = await in_thread(look, agent, attempt_id)
    assert (attempt.campaign.status, attempt.target.status) == ("paused", "waiting")
    assert "suspended the account" in attempt.campaign.pause_reason


def test_what_a_dead_worker_left_is_found(agent: Agent) -> None:
    _, attempt_id = claimed(agent)

    with tenant_transaction(agent.tenant_id):
        assert unfinished(NOON + timedelta(seconds=5)) == []
        assert unfinished(NOON + timedelta(seconds=30)) == [attempt_id]


def test_the_address_of_an_attempt_is_signed_and_of_one_agent(agent: Agent, other_agent: Agent) -> None:
    _, attempt_id = claimed(agent)
    token = addresses.answer_url(agent.pk, attempt_id).rpartition("/")[2]

    assert addresses.read_attempt(token, agent.pk) == attempt_id
    assert addresses.read_attempt(token, other_agent.pk) is None
    assert addresses.read_attempt(token[:-1] + "x", agent.pk) is None
    assert addresses.read_attempt("nonsense", agent.pk) is None


# How it came out


@pytest.mark.parametrize(
    ("outcome", "status", "minutes"),
    [("confirmed", "done", 0), ("opted_out", "done", 0), ("busy", "waiting", 15), ("no_answer", "waiting", 120)],
)
def test_an_outcome_is_final_or_another_try(agent: Agent, outcome: str, status: str, minutes: int) -> None:
    _, attempt_id = claimed(agent)
    with tenant_transaction(agent.tenant_id):
        settle(Attempt.objects.get(pk=attempt_id), outcome, NOON)

    target = look(agent, attempt_id).target
    assert target.status == status
    if minutes:
        assert target.due_at == NOON + timedelta(minutes=minutes)


def test_statuses_that_are_late_or_repeated_change_nothing(agent: Agent) -> None:
    _, attempt_id = claimed(agent)
    for status in ("ringing", "in-progress", "completed", "ringing", "busy", "in-progress", "completed"):
        with tenant_transaction(agent.tenant_id):
            advance(Attempt.objects.get(pk=attempt_id), status, NOON)

    attempt = look(agent, attempt_id)
    assert (attempt.state, attempt.outcome) == ("ended", "spoken")


def test_one_live_attempt_per_person_is_a_rule_of_the_database(agent: Agent) -> None:
    campaign, _ = claimed(agent)
    with pytest.raises(Exception, match="one_live_attempt"), tenant_transaction(agent.tenant_id):
        Attempt.objects.create(target=Target.objects.get(e164=ROSA), campaign=campaign, e164=ROSA)


async def test_the_lock_of_an_attempt_outlives_the_session_that_keeps_the_books(
    agent: Agent, practice: PracticeCarrier
) -> None:
    """The database ends a session that freezes in a transaction, while its requests may still be on their way."""
    _, attempt_id = await in_thread(claimed, agent)

    def lose_the_session() -> bool:
        with Dialer(lambda: NOON) as dialer:
            dialer.dial(agent.tenant_id, [attempt_id])
            connection.close()
            with dialling(attempt_id) as is_free:
                return is_free

    assert await in_thread(lose_the_session) is False
    assert (await in_thread(look, agent, attempt_id)).state == "placed"


async def test_what_a_round_claims_is_asked_for_together_and_only_the_refused_wait(
    agent: Agent, practice: PracticeCarrier
) -> None:
    def play_out() -> tuple[list[tuple[str, str]], list[Fault]]:
        campaign = make_campaign(agent, ROSA, THEO, at_once=4, calls_per_second=20)
        with tenant_transaction(agent.tenant_id):
            attempts = claim_due(campaign.pk, NOON).attempts
            DoNotCall.objects.create(e164=THEO, source="admin", since=LONG_AGO)
        with Dialer(lambda: NOON) as dialer:
            dialer.dial(agent.tenant_id, attempts)
        with tenant_transaction(agent.tenant_id):
            return sorted(Attempt.objects.values_list("outcome", "state")), list(verify())

    assert await in_thread(play_out) == ([("", "placed"), ("refused", "ended")], [])
    assert len(practice.exchange.calls) == 1


async def test_a_tick_claims_and_calls_until_the_next_begins(
    agent: Agent, practice: PracticeCarrier, settings: Settings
) -> None:
    settings.CARRIER_CALLS_PER_SECOND = 4
    tenths = count()

    def play_out() -> Counter[str]:
        campaign = make_campaign(agent, *(f"+1212555{n:04}" for n in range(9)), at_once=20, calls_per_second=4)
        play(lambda: NOON + timedelta(seconds=next(tenths) / 10), wait=lambda seconds: None)
        with tenant_transaction(agent.tenant_id):
            return Counter(campaign.targets.values_list("status", flat=True))

    told = await in_thread(play_out)

    assert len(practice.exchange.calls) == told["live"]
    assert 2 <= told["live"] <= 6  # two at once, then four a second
