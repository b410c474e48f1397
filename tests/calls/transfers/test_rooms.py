"""A caller waits in a room with music while people are rung, hear who is there, and take the call or do not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils.timezone import now

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.after.costs import charge
from calls.after.models import Cost
from calls.models import Call, CallBack, LeftMessage, Ring, ToolRun
from calls.resumption import load_earlier
from calls.services import advance_call, end_forgotten
from calls.transfers import rooms
from calls.transfers.endings import TALKED
from calls.transfers.rooms import LONGEST_INTRODUCTION, LONGEST_RING, LONGEST_WAIT
from calls.transfers.steps import After, Fetch, HangUp, Hears, PersonStep, Room
from tests import factories
from tests.calls.transfers.waiting import MATS, RAE, SID, Waiting

pytestmark = pytest.mark.django_db

OURS = "+12085550110"
SECOND = timedelta(seconds=1)


def test_a_person_is_rung_once_however_often_somebody_looks(waiting: Waiting):
    assert waiting.enter() == waiting.enter() == Room(waiting.transfer().room)

    (errand,) = waiting.look()

    assert (errand.to, errand.from_) == (RAE, OURS)
    assert waiting.look() == waiting.look(10 * SECOND) == []


def test_nobody_is_rung_while_the_agent_still_speaks(waiting: Waiting):
    assert waiting.look() == []


def test_who_presses_1_is_with_the_caller_and_is_known_to_have_taken_the_call(waiting: Waiting):
    ring = waiting.rung()

    heard = waiting.picked_up(ring)
    assert heard.hears is Hears.INTRODUCTION
    assert heard.text == "A call for Juniper Dental from somebody who gave no name. It is about: A wrong bill."

    joined = PersonStep(Hears.CALLER, room=waiting.transfer().room)
    assert waiting.pressed(ring, "1") == waiting.pressed(ring, "1") == joined
    assert waiting.outcomes() == [("Rae", "answered")]
    assert waiting.look(timedelta(hours=1)) == []

    assert waiting.come_out() == waiting.come_out() == After.GOODBYE
    after = waiting.transfer()
    assert (after.state, after.call.status, after.call.ending) == ("reached", "ended", "transferred")


@pytest.mark.parametrize(("key", "outcome"), [("2", "declined"), ("", "no_key")])
def test_who_declines_or_presses_nothing_is_followed_by_the_next(waiting: Waiting, key: str, outcome: str):
    ring = waiting.rung()
    waiting.picked_up(ring)

    assert waiting.pressed(ring, key).hears is Hears.THANKS
    assert waiting.pressed(ring, "1").hears is Hears.GONE

    (errand,) = waiting.look()
    assert errand.to == MATS
    assert waiting.outcomes() == [("Rae", outcome)]


def test_another_key_makes_the_person_hear_it_again(waiting: Waiting):
    ring = waiting.rung()
    waiting.picked_up(ring)

    assert waiting.pressed(ring, "7").hears is Hears.INTRODUCTION
    assert waiting.outcomes() == []


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("busy", "busy"), ("no-answer", "no_answer"), ("failed", "failed"), ("completed", "declined")],
)
def test_a_phone_that_nobody_takes_is_followed_by_the_next_and_reports_may_come_twice(
    waiting: Waiting, status: str, outcome: str
):
    ring = waiting.rung()
    for each in (status, "ringing", status, "initiated"):
        waiting.moved(ring, each)

    assert waiting.outcomes() == [("Rae", outcome)]
    assert [errand.to for errand in waiting.look()] == [MATS]


def test_a_phone_that_the_carrier_refuses_to_ring_is_passed_over(waiting: Waiting):
    rooms.not_placed(waiting.tenant_id, waiting.rung())

    assert waiting.outcomes() == [("Rae", "failed")]
    assert [errand.to for errand in waiting.look()] == [MATS]


def test_a_person_who_may_not_be_dialed_is_not_rung(waiting: Waiting):
    rae, mats = waiting.transfer().people
    waiting.change(people=[rae | {"address": "+881612345678"}, mats])
    waiting.enter()

    (errand,) = waiting.look()

    assert errand.to == MATS
    assert waiting.outcomes() == [("Rae", "abroad")]


@pytest.mark.parametrize(("trunk", "minute"), [("", "1.40"), ("BY" + "0" * 32, "0.40")])
def test_the_line_and_the_room_are_among_the_costs_also_when_the_carrier_tells_late(
    waiting: Waiting, trunk: str, minute: str
):
    factories.make_number(waiting.call.tenant, waiting.call.to_number, byoc_trunk=trunk)
    ring = waiting.rung()
    waiting.picked_up(ring)
    waiting.pressed(ring, "1")
    waiting.change(began_at=now() - timedelta(seconds=130))
    waiting.come_out()
    with tenant_transaction(waiting.tenant_id):
        charge(waiting.transfer().call)

    waiting.moved(ring, "completed", seconds=95)
    waiting.moved(ring, "completed", seconds=95)

    room = Decimal("0.18")
    (cost,) = waiting.all(Cost)
    assert Decimal(cost.parts["people"]) == 2 * Decimal(minute) + 2 * room + 3 * room


def test_a_phone_of_which_nothing_is_heard_is_given_up_and_put_down(waiting: Waiting):
    ring = waiting.rung()
    rooms.placed(waiting.tenant_id, ring, "CA8")
    assert waiting.look(LONGEST_RING) == []

    rung, down = waiting.look(LONGEST_RING + SECOND)

    assert (rung.to, down) == (MATS, HangUp(ring, "CA8"))
    assert waiting.picked_up(ring).hears is Hears.GONE
    rooms.put_down(waiting.tenant_id, ring)
    assert waiting.look(LONGEST_RING + 2 * SECOND) == []


def test_a_call_whose_answer_was_lost_is_put_down_as_soon_as_its_name_is_known(waiting: Waiting):
    ring = waiting.rung()
    waiting.look(LONGEST_RING + SECOND)

    waiting.moved(ring, "ringing", "CA9")

    assert HangUp(ring, "CA9") in waiting.look(LONGEST_RING + SECOND)


def test_after_the_last_the_caller_is_fetched_and_the_agent_knows_why(waiting: Waiting):
    with tenant_transaction(waiting.tenant_id):
        ToolRun.objects.create(call=waiting.call, key="k", turn=1, name="transfer_call", result="", state="done")
    waiting.moved(waiting.rung(), "busy")
    (errand,) = waiting.look()
    waiting.moved(errand.ring_id, "no-answer", "CA9")

    assert waiting.look() == [Fetch(waiting.call.agent_id, SID)]
    assert waiting.look(5 * SECOND) == []
    assert waiting.look(10 * SECOND) == [Fetch(waiting.call.agent_id, SID)]

    assert waiting.come_out() == waiting.come_out() == After.AGENT
    assert waiting.look(20 * SECOND) == []
    _, _, earlier = load_earlier(waiting.tenant_id, waiting.call.agent_id, waiting.call.pk, use_database=True)
    assert earlier.bridge.startswith("I am sorry, nobody can take your call")
    assert waiting.all(ToolRun)[0].state == "failed"


def test_nobody_waits_for_longer_than_the_bound(waiting: Waiting):
    waiting.rung()
    (second,) = waiting.look(LONGEST_WAIT - 5 * SECOND)
    assert second.to == MATS

    assert waiting.look(LONGEST_WAIT + SECOND) == [Fetch(waiting.call.agent_id, SID)]
    assert waiting.picked_up(second.ring_id).hears is Hears.GONE


def test_who_listens_to_the_introduction_at_the_bound_may_still_take_the_call(waiting: Waiting):
    ring = waiting.rung()
    waiting.picked_up(ring)

    assert waiting.look(LONGEST_INTRODUCTION - SECOND) == []
    assert waiting.pressed(ring, "1").hears is Hears.CALLER


def test_who_hangs_up_while_waiting_is_not_forgotten(waiting: Waiting):
    ring = waiting.rung()
    rooms.placed(waiting.tenant_id, ring, "CA8")

    advance_call(waiting.tenant_id, agent_id=waiting.call.agent_id, carrier_sid=SID, status="completed", at=now())
    assert waiting.look() == [HangUp(ring, "CA8")]

    after = waiting.transfer()
    assert (after.state, after.call.ending) == ("left", "caller")
    assert waiting.outcomes() == [("Rae", "canceled")]
    assert waiting.pressed(ring, "1").hears is Hears.GONE
    assert waiting.come_out(has_left=True) == After.ENDED
    (to_do,) = waiting.all(CallBack)
    assert to_do.e164 == "+12085550147"
    assert to_do.reason.startswith("Waited to be put through to billing, and hung up before somebody took the call.")


def test_who_hangs_up_without_a_number_leaves_a_note(agent: Agent, people: None):
    waiting = Waiting(agent, from_number="anonymous")
    waiting.rung()

    assert waiting.come_out(has_left=True) == After.ENDED

    assert waiting.all(CallBack) == []
    assert [each.text[:6] for each in waiting.all(LeftMessage)] == ["Waited"]


def test_a_caller_who_is_gone_when_fetched_has_left(waiting: Waiting):
    waiting.rung()
    waiting.look(LONGEST_WAIT + SECOND)

    rooms.caller_is_gone(waiting.tenant_id, waiting.transfer_id)

    assert waiting.transfer().state == "left"
    assert waiting.transfer_id not in rooms.unfinished(waiting.tenant_id)


def test_who_is_left_alone_after_a_talk_is_fetched(waiting: Waiting):
    ring = waiting.rung()
    waiting.picked_up(ring)
    waiting.pressed(ring, "1")
    waiting.moved(ring, "completed")

    assert waiting.look() == []
    assert waiting.look(20 * SECOND) == [Fetch(waiting.call.agent_id, SID)]
    assert waiting.come_out() == After.GOODBYE


def test_the_agent_is_back_after_a_talk_where_the_settings_say_so(waiting: Waiting):
    waiting.change(afterwards="agent")
    with tenant_transaction(waiting.tenant_id):
        ToolRun.objects.create(call=waiting.call, key="k", turn=1, name="transfer_call", result="", state="done")
    ring = waiting.rung()
    waiting.picked_up(ring)
    waiting.pressed(ring, "1")

    assert waiting.come_out() == After.AGENT

    _, _, earlier = load_earlier(waiting.tenant_id, waiting.call.agent_id, waiting.call.pk, use_database=True)
    assert earlier.bridge == "I am back. Is there anything else that I can do for you?"
    assert waiting.all(ToolRun)[0].result == TALKED.format(name="Rae")
    assert waiting.transfer().call.status == "in_progress"


def test_a_message_is_asked_for_once_and_kept(waiting: Waiting):
    waiting.change(fallback="message", state="returning")

    assert waiting.come_out() == waiting.come_out() == After.MESSAGE
    said = "This is Maria. Please look at my bill."
    assert waiting.come_out(words=said) == waiting.come_out(words=said) == After.THANKS

    (message,) = waiting.all(LeftMessage)
    assert (message.text, message.for_whom, message.e164) == (said, "billing", "+12085550147")


def test_a_call_back_is_promised_where_there_is_a_number(agent: Agent, people: None):
    waiting = Waiting(agent)
    waiting.change(fallback="call_back", state="returning")
    assert waiting.come_out() == waiting.come_out() == After.CALL_BACK
    assert [each.reason for each in waiting.all(CallBack)] == ["Nobody could take the call, A wrong bill"]


def test_nothing_is_promised_to_somebody_without_a_number(agent: Agent, people: None):
    waiting = Waiting(agent, from_number="anonymous")
    waiting.change(fallback="call_back", state="returning")

    assert waiting.come_out() == waiting.come_out() == After.AGENT


def test_who_wants_no_introduction_is_with_the_caller_at_once(waiting: Waiting):
    ring = waiting.rung()
    people = [{**each, "way": "straight"} for each in waiting.transfer().people]
    waiting.change(people=people)

    assert waiting.picked_up(ring).hears is Hears.CALLER


def test_the_agents_setting_goes_before_the_persons(tenant: Tenant, people: None):
    settings = {"way": "straight", "fallback": "call_back", "afterwards": "agent"}
    agent = factories.make_agent(tenant, tools=[{"name": "transfer_call", "settings": settings}])

    made = Waiting(agent).transfer()

    assert (made.warm, made.fallback, made.afterwards) == (False, "call_back", "agent")


def test_a_call_that_talks_with_a_person_is_not_taken_for_forgotten(waiting: Waiting):
    ring = waiting.rung()
    waiting.picked_up(ring)
    waiting.pressed(ring, "1")
    with tenant_transaction(waiting.tenant_id):
        Call.objects.update(seen_at=datetime(2026, 1, 1, tzinfo=UTC))

    assert end_forgotten(waiting.tenant_id) == 0


def test_a_ring_of_another_agent_is_nobodys(waiting: Waiting, other_agent: Agent):
    ring = waiting.rung()

    step = rooms.answered(other_agent.tenant_id, other_agent.pk, ring, "CA8")

    assert step.hears is Hears.GONE
    with tenant_transaction(waiting.tenant_id):
        assert Ring.objects.get(pk=ring).carrier_sid == ""
