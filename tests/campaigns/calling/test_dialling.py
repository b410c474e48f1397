"""Each attempt asks the carrier once, whatever happens to the worker, the network and the queue."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, connection, connections
from pytest_django import Settings

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.calling import addresses
from campaigns.calling.canceling import cancel
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
from tests.campaigns.people.test_optout import by_admin, queued_tasks
from tests.campaigns.rows import LONG_AGO, NOON, ROSA, called, claim_due, claimed, look, make_campaign, was_just_now

THEO = "+12125550129"

pytestmark = pytest.mark.django_db(transaction=True)


def answers(agent: Agent) -> list[tuple[str, str]]:
    with tenant_transaction(agent.tenant_id):
        return [(each.body["occasion"], each.answer) for each in DialReceipt.objects.all()]


def call_those_due(campaign: Campaign, at: datetime) -> None:
    with Dialer(lambda: at) as dialer:
        dialer.call(campaign.tenant_id, campaign.pk, at, 50)


async def test_a_person_is_called_once_however_often_they_are_due(agent: Agent, practice: PracticeCarrier) -> None:
    campaign, attempt_id = await in_thread(called, agent)

    for seconds in (1, 2):
        await in_thread(call_those_due, campaign, NOON + timedelta(seconds=seconds))

    attempt = await in_thread(look, agent, attempt_id)
    assert (attempt.state, len(practice.exchange.calls)) == ("placed", 1)
    assert attempt.carrier_sid in practice.exchange.calls
    assert await in_thread(answers, agent) == [("dial", "allow")]


async def test_the_attempt_and_its_receipt_are_written_before_the_carrier_hears_of_it(
    agent: Agent, practice: PracticeCarrier
) -> None:
    _, attempt_id = await in_thread(claimed, agent)

    attempt = await in_thread(look, agent, attempt_id)
    assert (attempt.state, attempt.target.status, attempt.target.attempts_made) == ("asked", "live", 1)
    assert (await in_thread(answers, agent), len(practice.exchange.calls)) == ([("dial", "allow")], 0)


def test_whoever_opts_out_while_they_are_claimed_comes_after_the_claim_and_has_the_call_canceled(agent: Agent) -> None:
    """Before it they would have been refused; in between there is nothing."""
    campaign = make_campaign(agent, ROSA)

    def stop_calling() -> list[tuple[str, UUID]]:
        return queued_tasks(agent, by_admin)

    with ThreadPoolExecutor(1) as other:
        with tenant_transaction(agent.tenant_id):
            (attempt_id,) = claim_due(campaign.pk, NOON).attempts
            queued = other.submit(stop_calling)
            wait_for_a_waiting_session()
        assert queued.result(10) == [("campaigns.tasks.cancel_call", attempt_id)]
        other.submit(connections.close_all).result(10)


def wait_for_a_waiting_session() -> None:
    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    with connection.cursor() as cursor:
        for _ in range(100_000):
            cursor.execute("select pg_stat_clear_snapshot()")
            cursor.execute(waiting)
            if cursor.fetchone() != (0,):
                return
    raise AssertionError("nobody waits")


async def test_stopping_a_campaign_silences_the_telephones_that_still_ring(
    agent: Agent, practice: PracticeCarrier
) -> None:
    campaign, attempt_id = await in_thread(called, agent)

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
    campaign, attempt_id = await in_thread(called, agent)

    assert (await in_thread(look, agent, attempt_id)).state == "unknown"
    await in_thread(call_those_due, campaign, NOON + timedelta(seconds=1))
    await in_thread(was_just_now, agent, attempt_id)
    await in_thread(reconcile, agent.tenant_id, attempt_id)

    attempt = await in_thread(look, agent, attempt_id)
    assert (attempt.state, len(practice.exchange.calls)) == ("placed", 1)


async def test_a_call_that_never_came_about_frees_the_person_after_a_while(
    agent: Agent, practice: PracticeCarrier
) -> None:
    campaign, attempt_id = await in_thread(claimed, agent)

    await in_thread(reconcile, agent.tenant_id, attempt_id, lambda: NOON + timedelta(seconds=40))
    assert (await in_thread(look, agent, attempt_id)).state == "asked"  # the carrier may still come to list it

    await in_thread(reconcile, agent.tenant_id, attempt_id, lambda: NOON + timedelta(minutes=3))
    attempt = await in_thread(look, agent, attempt_id)
    assert (attempt.outcome, attempt.target.status) == ("void", "waiting")
    assert (attempt.asked_at, attempt.target.attempts_made) == (None, 0)

    await in_thread(call_those_due, campaign, NOON + timedelta(minutes=4))
    assert len(practice.exchange.calls) == 1


async def test_nobody_touches_the_attempt_of_a_worker_that_lives(agent: Agent, practice: PracticeCarrier) -> None:
    _, attempt_id = await in_thread(claimed, agent)

    def while_it_is_frozen() -> None:
        settings = connection.get_connection_params()
        wanted = {name: settings[name] for name in ("dbname", "user", "password", "host", "port") if settings.get(name)}
        with psycopg.connect(**wanted, autocommit=True) as frozen:
            frozen.execute("select pg_advisory_lock(%s, %s)", [DIALLING, attempt_id.int % 2**31])
            reconcile(agent.tenant_id, attempt_id, lambda: NOON + timedelta(hours=1))

    await in_thread(while_it_is_frozen)

    assert (await in_thread(look, agent, attempt_id)).state == "asked"
    await in_thread(reconcile, agent.tenant_id, attempt_id, lambda: NOON + timedelta(hours=1))
    assert (await in_thread(look, agent, attempt_id)).outcome == "void"


async def test_a_throttled_request_is_not_counted_as_an_attempt(agent: Agent, practice: PracticeCarrier) -> None:
    practice.faults.add(RestFault(Mode.THROTTLE))
    _, attempt_id = await in_thread(called, agent)

    attempt = await in_thread(look, agent, attempt_id)
    assert (attempt.outcome, attempt.target.status, attempt.target.attempts_made) == ("throttled", "waiting", 0)
    assert attempt.target.due_at > NOON


async def test_an_account_that_is_suspended_pauses_the_campaign(agent: Agent, practice: PracticeCarrier) -> None:
    practice.faults.add(RestFault(Mode.SUSPENDED))
    _, attempt_id = await in_thread(called, agent)

    attempt = await in_thread(look, agent, attempt_id)
    assert (attempt.campaign.status, attempt.target.status) == ("paused", "waiting")
    assert "suspended the account" in attempt.campaign.pause_reason


def test_what_a_dead_worker_left_is_found(agent: Agent) -> None:
    _, attempt_id = claimed(agent)

    with tenant_transaction(agent.tenant_id):
        assert unfinished(NOON + timedelta(seconds=30)) == []
        assert unfinished(NOON + timedelta(seconds=31)) == [attempt_id]


def test_the_address_of_an_attempt_is_signed_and_of_one_agent(agent: Agent, other_agent: Agent) -> None:
    _, attempt_id = claimed(agent)
    token = addresses.of_call(agent.pk, attempt_id).answer.rpartition("/")[2]

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


@pytest.mark.parametrize("outcome", ["voicemail", "failed"])
@pytest.mark.parametrize(("minutes", "status"), [(60, "waiting"), (0, "done"), (None, "done")])
def test_after_a_voicemail_or_a_failed_call_people_are_tried_again_where_the_campaign_wants_it(
    agent: Agent, outcome: str, minutes: int | None, status: str
) -> None:
    _, attempt_id = claimed(agent, retries={} if minutes is None else {outcome: minutes})
    with tenant_transaction(agent.tenant_id):
        settle(Attempt.objects.get(pk=attempt_id), outcome, NOON)

    assert look(agent, attempt_id).target.status == status


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

    def lose_the_session() -> tuple[UUID, bool]:
        campaign = make_campaign(agent, ROSA)
        with Dialer(lambda: NOON) as dialer:
            (attempt_id,) = dialer.call(agent.tenant_id, campaign.pk, NOON, 1).attempts
            connection.close()
            with dialling(attempt_id) as is_free:
                return attempt_id, is_free

    attempt_id, is_free = await in_thread(lose_the_session)
    assert not is_free
    assert (await in_thread(look, agent, attempt_id)).state == "placed"


def test_without_the_session_that_proves_its_life_nobody_dials(agent: Agent) -> None:
    with Dialer(lambda: NOON) as dialer:
        dialer.get_ready()
        with connection.cursor() as cursor:
            cursor.execute(
                "select count(pg_terminate_backend(pid)) from pg_locks join pg_database on oid = database"
                " where locktype = 'advisory' and classid = %s and datname = current_database()",
                [DIALLING],
            )
        with pytest.raises(DatabaseError):
            dialer.get_ready()


async def test_of_those_who_are_due_only_the_refused_are_not_called(agent: Agent, practice: PracticeCarrier) -> None:
    def play_out() -> tuple[list[str], list[Fault]]:
        campaign = make_campaign(agent, ROSA, THEO, at_once=4, calls_per_second=20)
        with tenant_transaction(agent.tenant_id):
            DoNotCall.objects.create(e164=THEO, source="admin", since=LONG_AGO)
        call_those_due(campaign, NOON)
        with tenant_transaction(agent.tenant_id):
            return sorted(campaign.targets.values_list("status", flat=True)), list(verify())

    assert await in_thread(play_out) == (["left_out", "live"], [])
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
