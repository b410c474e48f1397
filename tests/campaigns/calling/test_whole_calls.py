"""Whole calls: the practice carrier rings somebody with a script, and asks our own server what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.answers import replies
from campaigns.calling import addresses
from campaigns.calling.canceling import cancel
from campaigns.models import Attempt, DialReceipt, DoNotCall, Reply
from campaigns.people.optout import opt_out
from telephony.carrier import place_call
from telephony.simulator.people import (
    BargeIn,
    Beep,
    HangUp,
    Person,
    Press,
    Say,
    StaySilent,
    Step,
    WaitForAgent,
    WaitForTone,
)
from telephony.simulator.record import CallRecord
from telephony.simulator.server import PracticeCarrier
from telephony.simulator.setup import Account, CallOptions
from telephony.simulator.voices import Humming
from tests.campaigns.line import ROSA, in_thread
from tests.campaigns.rows import NOON, called, claim_due, make_campaign
from tests.telephony.signing import ACCOUNT_SID, AUTH_TOKEN

KEYS = {"1": "confirmed", "2": "rescheduled"}
PATIENT = 240_000  # of the fast clock: as long as our side may take on a busy machine

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def practice(our_side: str, settings: Settings) -> AsyncIterator[PracticeCarrier]:
    options = CallOptions(time_scale=10)
    async with PracticeCarrier(Account(ACCOUNT_SID, AUTH_TOKEN), speaker=Humming(), options=options) as practice:
        settings.TWILIO_BASE_URL = practice.url
        yield practice


def look(agent: Agent, attempt_id: UUID) -> Attempt:
    with tenant_transaction(agent.tenant_id):
        return Attempt.objects.select_related("target").get(pk=attempt_id)


async def live(agent: Agent, practice: PracticeCarrier, person: Person, **campaign: Any) -> tuple[CallRecord, Attempt]:
    """Call this person, to the last callback."""
    practice.exchange.people[ROSA] = person
    _, attempt_id = await in_thread(called, agent, keys=KEYS, **campaign)
    (sid,) = practice.exchange.calls
    record = await practice.exchange.record(sid)
    assert record.errors == []
    return record, await in_thread(look, agent, attempt_id)


def heard(record: CallRecord) -> str:
    return " ".join(facts["text"] for facts in record.of_kind("announcement"))


def answering(*steps: Step) -> Person:
    return Person(steps=(WaitForAgent(timeout_ms=PATIENT), *steps))


async def test_who_presses_1_has_confirmed(agent: Agent, practice: PracticeCarrier) -> None:
    record, attempt = await live(agent, practice, answering(Press("1"), StaySilent()))

    assert heard(record).startswith("This is an automated call for Juniper Dental. Press 9 or say stop")
    assert "Hello Rosa Delgado." in heard(record)
    assert "Thank you, that is confirmed." in heard(record)
    assert record.ended_by == "agent"
    assert (attempt.state, attempt.outcome, attempt.answered_by) == ("ended", "confirmed", "human")
    assert (attempt.target.status, attempt.target.disposition) == ("done", "confirmed")
    assert attempt.carrier_sid == record.call_sid


async def test_who_presses_2_is_on_the_work_list(agent: Agent, practice: PracticeCarrier) -> None:
    record, attempt = await live(agent, practice, answering(Press("2"), StaySilent()))

    def left() -> tuple[str, str, str, str]:
        with tenant_transaction(agent.tenant_id):
            reply = Reply.objects.get(attempt=attempt)
            return reply.status, reply.proposed, reply.proposed_by, reply.because

    assert "Somebody will get in touch about another time." in heard(record)
    assert await in_thread(left) == ("open", "rescheduled", "key", "2")


async def test_who_presses_9_is_never_called_again(agent: Agent, practice: PracticeCarrier) -> None:
    record, attempt = await live(agent, practice, answering(Press("9"), StaySilent()))

    assert heard(record).endswith("You will get no more calls from us. Goodbye.")
    assert (attempt.outcome, attempt.target.disposition) == ("opted_out", "opted_out")

    def again() -> tuple[list[str], list[tuple[str, str]], int]:
        campaign = make_campaign(agent, ROSA, name="Another")
        with tenant_transaction(agent.tenant_id):
            sources = list(DoNotCall.objects.values_list("source", flat=True))
            opened = len(claim_due(campaign.pk, NOON).attempts)
            asked = [(each.body["occasion"], each.answer) for each in DialReceipt.objects.all()]
        return sources, asked, opened

    sources, asked, opened = await in_thread(again)
    assert (sources, opened) == (["key"], 0)
    assert asked == [("dial", "allow"), ("answer", "allow"), ("claim", "deny")]


async def test_who_speaks_after_the_tone_is_in_the_inbox(agent: Agent, practice: PracticeCarrier) -> None:
    person = Person(steps=(WaitForTone(), Say("Well, I will have to ask my sister."), StaySilent()))
    record, attempt = await live(agent, practice, person, records_reply=True)

    assert "Please say your answer after the tone." in heard(record)
    assert (attempt.outcome, attempt.target.status) == ("spoken", "done")

    def fetched() -> tuple[Reply, bytes]:
        with tenant_transaction(agent.tenant_id):
            reply_id = Reply.objects.get(attempt=attempt).pk
        replies.fetch(agent.tenant_id, reply_id, NOON)
        with tenant_transaction(agent.tenant_id):
            reply = Reply.objects.get(pk=reply_id)
            return reply, replies.recorded(reply)

    reply, sound = await in_thread(fetched)
    assert reply.status == "open"
    assert sound.startswith(b"RIFF")


async def test_who_says_yes_into_the_message_has_confirmed(agent: Agent, practice: PracticeCarrier) -> None:
    record, attempt = await live(agent, practice, answering(Say("Yes, I will be there."), StaySilent()))

    assert "Thank you, that is confirmed." in heard(record)
    assert (attempt.outcome, attempt.key_pressed, attempt.target.disposition) == ("confirmed", "", "confirmed")


async def test_who_is_screened_hears_who_calls_once_more(agent: Agent, practice: PracticeCarrier) -> None:
    wait = WaitForAgent(timeout_ms=PATIENT)
    screening = Person(steps=(Say("Please state your name and why you are calling."), wait, Press("1"), StaySilent()))
    record, attempt = await live(agent, practice, screening)

    assert heard(record).count("This is an automated call for Juniper Dental.") >= 1
    assert (attempt.outcome, attempt.target.disposition) == ("confirmed", "confirmed")


async def test_a_greeting_is_no_answer_and_the_message_is_left_after_the_beep(
    agent: Agent, practice: PracticeCarrier
) -> None:
    greeting = Say("I cannot come to the phone. Please leave a message after the tone.")
    machine = Person(steps=(greeting, Beep(), StaySilent()), answered_by="machine_end_beep")
    record, attempt = await live(agent, practice, machine, voicemail="Please call us, {{first_name}}.")

    (beep,) = (each for each in record.utterances if not each.text)
    left = [each for each in record.happenings if "Please call us, Rosa." in str(each.facts.get("text"))]
    assert [each.at_ms > beep.voice_ended_ms for each in left] == [True]
    assert (attempt.outcome, attempt.target.disposition) == ("voicemail", "voicemail")


async def test_a_machine_is_left_its_own_message(agent: Agent, practice: PracticeCarrier) -> None:
    machine = Person(steps=(StaySilent(),), answered_by="machine_end_beep")
    record, attempt = await live(agent, practice, machine, voicemail="Please call us, {{first_name}}.")

    assert "Please call us, Rosa." in heard(record)
    assert "Press 1" not in heard(record).rpartition("This is an automated call")[2]
    assert (attempt.outcome, attempt.answered_by, attempt.target.disposition) == ("voicemail", "machine", "voicemail")


async def test_who_hangs_up_has_hung_up_on_us(agent: Agent, practice: PracticeCarrier) -> None:
    _, attempt = await live(agent, practice, answering(HangUp()))

    assert (attempt.outcome, attempt.target.status) == ("hung_up", "done")


async def test_an_opt_out_cancels_a_call_that_is_still_ringing(agent: Agent, practice: PracticeCarrier) -> None:
    practice.exchange.people[ROSA] = Person(rings_ms=3_600_000, steps=(StaySilent(),))
    _, attempt_id = await in_thread(called, agent, keys=KEYS)

    def stop() -> None:
        with tenant_transaction(agent.tenant_id):
            opt_out(ROSA, DoNotCall.Source.ADMIN, "By telephone.", NOON)
        cancel(agent.tenant_id, attempt_id)

    await in_thread(stop)

    (sid,) = practice.exchange.calls
    record = await practice.exchange.record(sid)
    assert (record.answered, record.ended_by) == (None, "api")
    assert (await in_thread(look, agent, attempt_id)).state == "ended"


async def test_who_presses_a_key_into_the_message_hears_no_more_of_it(agent: Agent, practice: PracticeCarrier) -> None:
    person = Person(steps=(BargeIn("", after_ms=1500), Press("2"), StaySilent()))
    record, attempt = await live(agent, practice, person)

    assert "Press 1 to confirm" not in heard(record)
    assert (attempt.outcome, attempt.target.disposition) == ("rescheduled", "rescheduled")


async def test_who_hangs_up_in_the_middle_has_hung_up_on_us(agent: Agent, practice: PracticeCarrier) -> None:
    _, attempt = await live(agent, practice, Person(steps=(BargeIn("", after_ms=1500), HangUp())))

    assert (attempt.state, attempt.outcome) == ("ended", "hung_up")


async def test_who_says_nothing_is_taken_leave_of(agent: Agent, practice: PracticeCarrier) -> None:
    record, attempt = await live(agent, practice, Person(steps=(StaySilent(),)))

    assert heard(record).endswith("Goodbye.")
    assert (record.ended_by, attempt.outcome) == ("agent", "spoken")


async def test_who_presses_wrong_keys_hears_so_and_goodbye_at_last(agent: Agent, practice: PracticeCarrier) -> None:
    wait = WaitForAgent(timeout_ms=PATIENT)
    record, attempt = await live(
        agent, practice, answering(Press("7"), wait, Press("7"), wait, Press("7"), StaySilent())
    )

    assert heard(record).count("That key does nothing here.") == 2
    assert heard(record).endswith("Goodbye.")
    assert attempt.outcome == "not_understood"


async def test_who_speaks_spanish_is_called_in_spanish(agent: Agent, practice: PracticeCarrier) -> None:
    person = answering(Say("No me llamen más, por favor."), StaySilent())
    record, attempt = await live(agent, practice, person, language="es-MX", message="Hola {{name}}.")

    assert heard(record).startswith("Esta es una llamada automática de Juniper Dental.")
    assert heard(record).endswith("No recibirá más llamadas nuestras. Adiós.")
    assert attempt.outcome == "opted_out"


async def test_an_assistant_is_told_who_calls_and_the_person_behind_it_the_message(
    agent: Agent, practice: PracticeCarrier
) -> None:
    wait = WaitForAgent(timeout_ms=PATIENT)
    asks = BargeIn("Please state your name and why you are calling.", after_ms=400)
    record, attempt = await live(agent, practice, Person(steps=(asks, wait, Say("Hello?"), wait, Press("1"))))

    assert "This is an automated call from Juniper Dental for Rosa Delgado." in heard(record)
    assert heard(record).count("Hello Rosa Delgado.") >= 1
    assert (attempt.outcome, attempt.target.disposition) == ("confirmed", "confirmed")


async def test_a_second_call_for_one_attempt_is_hung_up_before_a_word(agent: Agent, practice: PracticeCarrier) -> None:
    _, attempt = await live(agent, practice, answering(Press("1"), StaySilent()))

    again = await in_thread(
        place_call,
        to=ROSA,
        from_="+12085550114",
        url=addresses.of_call(agent.pk, attempt.pk).answer,
        status_callback=addresses.of_call(agent.pk, attempt.pk).progress,
    )

    record = await practice.exchange.record(again.sid)
    assert (heard(record), record.ended_by) == ("", "agent")
    assert (await in_thread(look, agent, attempt.pk)).outcome == "confirmed"
