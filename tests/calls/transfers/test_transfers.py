"""A caller is put through to a person, to the next one, or comes back to the agent."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from agentos.tenants.models import LogEntry, Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from agents.providers.limits import Limits
from agents.tools import ToolContext, ToolOutcome, built_in
from agents.versions import VersionSpec
from calls.after.costs import tally
from calls.calendar.models import Calendar
from calls.models import Call, CallBack, CallEvent, Colleague, ToolRun, Transfer
from calls.resumption import load_earlier
from calls.services import advance_call
from calls.tools.transfer import NO_LINE
from calls.transfers import rooms, services
from calls.transfers.endings import NOBODY
from calls.transfers.steps import After, Next, Step, Told
from calls.wording import happening
from tests import factories
from tests.agents.pages import text
from tests.conftest import SignIn

pytestmark = pytest.mark.django_db

SID = "CA7"
NOON = datetime(2026, 11, 24, 19, tzinfo=UTC)  # Tuesday, noon in Boise
NIGHT = datetime(2026, 11, 25, 6, tzinfo=UTC)
OURS = "+12085550110"


@pytest.fixture
def call(agent: Agent) -> Call:
    return factories.make_call(agent, status=Call.Status.IN_PROGRESS, carrier_sid=SID, answered_at=NOON)


@pytest.fixture
def people(tenant: Tenant) -> list[Colleague]:
    """Two in billing of whom one is only there in office hours, and one at the front desk."""
    with tenant_transaction(tenant):
        Calendar.objects.create(zone="America/Boise")
        return [
            Colleague.objects.create(name="Rae", department="Billing", address="+12085550125", when="open", place=1),
            Colleague.objects.create(name="Mats", department="Billing", address="+12085550121", when="always", place=2),
            Colleague.objects.create(name="Dev", department="Desk", address="sip:desk@example.com", when="never"),
        ]


def ask(call: Call, at: datetime = NOON, department: str | None = "billing", key: str = "one") -> ToolOutcome:
    """What the tool answers to the model."""
    run = built_in()["transfer_call"].run
    assert run is not None
    context: dict[str, Any] = {"business": "Juniper Dental", "caller_number": call.from_number, "turn": 1}
    with tenant_transaction(call.tenant_id):
        spec = VersionSpec.of(call.version)
        return run(
            ToolContext(tenant_id=call.tenant_id, call_id=call.pk, version=spec, now=at, key=key, **context),
            {"department": department, "reason": "A wrong bill"},
        )


def next_step(call: Call) -> Next | None:
    return services.next_step(call.tenant_id, call.agent_id, SID)


def came(call: Call, status: str, dial_sid: str, seconds: int = 0) -> Next:
    return services.report(call.tenant_id, call.agent_id, SID, Told(status, dial_sid, seconds=seconds))


def test_whoever_is_there_is_asked_in_their_order(call: Call, people: list[Colleague]):
    assert ask(call).then == "transfer"

    with tenant_transaction(call.tenant_id):
        assert [each["name"] for each in Transfer.objects.get().people] == ["Rae", "Mats"]


def test_at_night_only_those_are_asked_who_are_always_there(call: Call, people: list[Colleague]):
    ask(call, NIGHT)

    with tenant_transaction(call.tenant_id):
        assert [each["name"] for each in Transfer.objects.get().people] == ["Mats"]


def test_the_model_hears_why_nobody_can_be_reached(call: Call, people: list[Colleague], agent: Agent):
    browser = factories.make_call(agent, channel="browser")

    assert ask(call, department="desk").content.startswith("Nobody is there at the moment.")
    assert ask(call, department="legal").content == "There is no such department. There are: Billing, Desk."
    assert ask(browser).content == NO_LINE


def test_the_same_wish_is_one_transfer(call: Call, people: list[Colleague]):
    ask(call)
    ask(call)

    with tenant_transaction(call.tenant_id):
        assert Transfer.objects.count() == 1


def test_a_rule_asks_for_a_person_as_a_tool_does(call: Call, people: list[Colleague]):
    with tenant_transaction(call.tenant_id):
        asked = services.ask_for_person(call, key="rule", reason="Asked twice in vain", at=NOON)
        again = services.ask_for_person(call, key="rule", reason="Asked twice in vain", at=NIGHT)
        nobody = services.ask_for_person(call, key="other", reason="", department="desk", at=NOON)

    assert asked.is_possible
    assert asked.transfer == again.transfer
    assert (nobody.is_possible, nobody.refusal) == (False, services.Refusal.NOBODY)
    assert next_step(call) == Step("+12085550125", OURS)


def test_one_after_the_other_is_dialed_until_somebody_takes_the_call(call: Call, people: list[Colleague]):
    assert next_step(call) is None
    ask(call)

    assert next_step(call) == next_step(call) == Step("+12085550125", OURS)
    assert came(call, "busy", "CA1") == came(call, "busy", "CA1") == Step("+12085550121", OURS)
    assert came(call, "completed", "CA2") == came(call, "completed", "CA2") == After.GOODBYE

    with tenant_transaction(call.tenant_id):
        call.refresh_from_db()
        assert (call.status, call.ending) == ("ended", "transferred")
        tried = CallEvent.objects.filter(kind="transfer_tried").values_list("data", flat=True)
        assert [(each["name"], each["outcome"]) for each in tried] == [("Rae", "busy"), ("Mats", "answered")]


def test_a_caller_whom_nobody_took_comes_back_to_an_agent_that_knows_it(call: Call, people: list[Colleague]):
    ask(call, NIGHT)
    with tenant_transaction(call.tenant_id):
        ToolRun.objects.create(call=call, key="k", turn=1, name="transfer_call", result="Put through.", state="done")
    next_step(call)

    assert came(call, "no-answer", "CA1") == After.AGENT

    _, _, earlier = load_earlier(call.tenant_id, call.agent_id, call.pk, use_database=True)
    assert earlier.bridge == "I am sorry, nobody can take your call right now. Shall I take a message?"
    assert [run.result.content for run in earlier.runs if run.result] == [NOBODY]


def test_what_came_of_a_person_takes_no_place_from_the_events_of_the_conversation(call: Call, people: list[Colleague]):
    ask(call)
    next_step(call)
    came(call, "busy", "CA1")
    came(call, "busy", "CA2")

    with tenant_transaction(call.tenant_id):  # as the next segment writes its own
        kept = [
            CallEvent.objects.create(call=call, segment=segment, sequence=0, kind="resumed", at_ms=0)
            for segment in (1, 2)
        ]
        assert CallEvent.objects.filter(call=call).count() == len(kept) + 2


def test_numbers_that_cannot_be_rung_are_passed_over_one_by_one(call: Call, people: list[Colleague]):
    ask(call)
    next_step(call)

    assert came(call, "failed", "") == Step("+12085550121", OURS)
    assert came(call, "failed", "") == After.AGENT


def test_a_number_that_costs_more_is_passed_over_when_it_is_due_and_the_call_says_why(
    call: Call, people: list[Colleague]
):
    with tenant_transaction(call.tenant_id):  # written down before there was a rule
        Colleague.objects.filter(name="Rae").update(address="+19005551234")
    ask(call)

    assert next_step(call) == next_step(call) == Step("+12085550121", OURS)
    assert came(call, "busy", "CA1") == After.AGENT

    with tenant_transaction(call.tenant_id):
        told = [happening(each).text for each in CallEvent.objects.filter(kind="transfer_tried")]
        assert told == [
            "Rae was not called: it is a premium or shared-cost number.",
            "Mats was busy.",
        ]


def test_no_argument_of_the_model_is_dialed(call: Call, people: list[Colleague]):
    for number in ("+19005551234", "sip:desk@example.com", "208 555 0121"):
        assert ask(call, department=number, key=number).content.startswith("There is no such department.")


def test_the_line_to_a_person_is_among_the_costs_of_the_call(call: Call, people: list[Colleague]):
    ask(call)
    next_step(call)
    came(call, "no-answer", "CA1")
    came(call, "completed", "CA2", seconds=61)

    with tenant_transaction(call.tenant_id):
        parts = tally(Call.objects.get(pk=call.pk), ()).parts
    assert parts["people"] == 2 * Decimal("1.40")


def test_who_hangs_up_while_a_phone_rings_is_not_forgotten(call: Call, people: list[Colleague]):
    ask(call)
    next_step(call)

    told = Told("canceled", "CA1", has_left=True)
    assert services.report(call.tenant_id, call.agent_id, SID, told) == After.ENDED

    with tenant_transaction(call.tenant_id):
        transfer = Transfer.objects.get()
        assert (transfer.state, [each["outcome"] for each in transfer.tried]) == ("left", ["canceled"])
        assert CallBack.objects.get().reason.startswith("Waited to be put through to billing")


def test_a_caller_of_whom_the_carrier_never_told_what_became_is_rung_back(call: Call, people: list[Colleague]):
    ask(call)
    next_step(call)
    advance_call(call.tenant_id, agent_id=call.agent_id, carrier_sid=SID, status="completed", at=now())
    assert rooms.unfinished(call.tenant_id) == []
    with tenant_transaction(call.tenant_id):
        Call.objects.update(ended_at=now() - 2 * rooms.TOLD_WITHIN)

    (forgotten,) = rooms.unfinished(call.tenant_id)
    assert rooms.look_after(call.tenant_id, forgotten) == []

    assert rooms.unfinished(call.tenant_id) == []
    with tenant_transaction(call.tenant_id):
        assert Transfer.objects.get().state == "left"
        assert CallBack.objects.count() == 1


def test_a_talk_that_the_caller_ends_is_one_and_asks_for_no_call_back(call: Call, people: list[Colleague]):
    ask(call)
    next_step(call)
    advance_call(call.tenant_id, agent_id=call.agent_id, carrier_sid=SID, status="completed", at=now())

    told = Told("completed", "CA1", has_left=True, seconds=30)
    assert services.report(call.tenant_id, call.agent_id, SID, told) == After.ENDED

    with tenant_transaction(call.tenant_id):
        call.refresh_from_db()
        assert (Transfer.objects.get().state, call.ending) == ("reached", "transferred")
        assert CallBack.objects.count() == 0


def test_a_caller_may_be_put_through_once_more_after_nobody_was_there(call: Call, people: list[Colleague]):
    ask(call, NIGHT)
    next_step(call)
    came(call, "no-answer", "CA1")
    ask(call, NIGHT, key="two")

    assert next_step(call) == Step("+12085550121", OURS)


def test_one_reply_puts_through_once(call: Call):
    assert built_in()["transfer_call"].limits == Limits(per_call=3, per_turn=1)


# The page


@pytest.fixture
def page(tenant: Tenant) -> str:
    return reverse("transfers:people", args=[tenant.slug])


RAE = {
    "name": "Rae",
    "department": "Billing",
    "address": "(208) 555-0125",
    "when": "open",
    "way": "introduce",
    "place": 1,
}


def test_somebody_is_written_down_changed_and_taken_away(sign_in: SignIn, owner: User, tenant: Tenant, page: str):
    browser = sign_in(owner)
    browser.post(page, RAE)
    assert "Rae Billing, (208) 555-0125 While the business is open" in text(browser.get(page))
    with tenant_transaction(tenant):
        person = str(Colleague.objects.get().pk)

    browser.post(page, RAE | {"person": person, "when": "never"})
    assert "Not at the moment Tried as number 1, hears who is calling first" in text(browser.get(page))
    browser.post(page, {"person": person, "action": "remove"})

    assert "Nobody yet" in text(browser.get(page))
    with tenant_transaction(tenant):
        assert [each.what for each in LogEntry.objects.order_by("pk")][-3:] == ["person.saved"] * 2 + ["person.removed"]


def test_what_is_no_number_is_refused_beside_its_field(sign_in: SignIn, owner: User, page: str):
    response = sign_in(owner).post(page, RAE | {"address": "the desk"})

    assert response.status_code == 422
    assert "Enter a telephone number" in text(response)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("+1 900 555 1234", "This is a premium or shared-cost number."),
        ("+53 5 5123456", "Calls to this country are not enabled."),
        ("sip:desk@192.168.1.20", "Enter a telephone number, or an address such as"),
    ],
)
def test_a_line_that_callers_are_not_put_through_to_is_refused_beside_its_field(
    sign_in: SignIn, owner: User, page: str, address: str, words: str
):
    response = sign_in(owner).post(page, RAE | {"address": address})

    assert response.status_code == 422
    assert words in text(response)


def test_whoever_is_passed_over_is_marked_in_the_list(sign_in: SignIn, owner: User, tenant: Tenant, page: str):
    with tenant_transaction(tenant):
        Colleague.objects.create(name="Rae", department="Billing", address="+19005551234")

    assert "Passed over This is a premium or shared-cost number." in text(sign_in(owner).get(page))


def test_whoever_only_looks_changes_nothing(client: Client, sign_in: SignIn, viewer: User, page: str):
    assert sign_in(viewer).post(page, RAE).status_code == 403
