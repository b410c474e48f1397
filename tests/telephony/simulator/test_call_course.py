"""Whole calls: how they go from ringing to their end, and what is told about it."""

from __future__ import annotations

import pytest

from telephony.simulator.call_flow import APOLOGY
from telephony.simulator.callbacks import CallbackFaults
from telephony.simulator.people import HangUp, Pause, Person, conversation
from telephony.simulator.webhooks import Webhook
from tests.telephony.simulator.conftest import MakeCall, RunCall
from tests.telephony.simulator.our_side import OurSide, Socket
from tests.telephony.simulator.scenes import EVERY_EVENT, greet_and_listen


async def test_a_call_ends_at_its_time_limit(our_side: OurSide, run_call: RunCall):
    our_side.talk = greet_and_listen
    voice = our_side.answer("voice", our_side.stream())

    record = await run_call(voice, time_limit_s=3.0)

    assert record.ended_by == "carrier"
    assert record.duration_s >= 3  # a busy machine hangs up a little late


async def test_an_answered_outgoing_call_reports_its_course_in_order(our_side: OurSide, run_call: RunCall):
    voice, status = our_side.answer("voice", "<Hangup/>"), Webhook(our_side.answer("status", ""))

    await run_call(voice, direction="outbound-api", status=status, status_events=EVERY_EVENT)

    asked = [one.fields for one in our_side.asked_for("status")]
    assert [one["CallStatus"] for one in asked] == ["initiated", "ringing", "in-progress", "completed"]
    assert [one["SequenceNumber"] for one in asked] == ["0", "1", "2", "3"]
    assert {one["Direction"] for one in asked} == {"outbound-api"}
    assert "CallDuration" not in asked[2]
    assert "CallToken" not in asked[0]
    assert our_side.asked_for("voice")[0].fields["CallStatus"] == "in-progress"


async def test_only_the_events_that_were_asked_for_are_reported_and_counted(our_side: OurSide, run_call: RunCall):
    voice, status = our_side.answer("voice", "<Hangup/>"), Webhook(our_side.answer("status", ""))

    await run_call(voice, direction="outbound-api", status=status, status_events=("answered", "completed"))

    asked = [one.fields for one in our_side.asked_for("status")]
    assert [(one["CallStatus"], one["SequenceNumber"]) for one in asked] == [("in-progress", "0"), ("completed", "1")]


@pytest.mark.parametrize(("takes", "sip_code"), [("busy", "486"), ("no-answer", "487"), ("failed", "404")])
async def test_a_call_that_nobody_takes_says_why(our_side: OurSide, run_call: RunCall, takes: str, sip_code: str):
    voice, status = our_side.answer("voice", "<Hangup/>"), Webhook(our_side.answer("status", ""))
    person = Person(takes_call=takes)

    outgoing = {"direction": "outbound-api", "status": status, "status_events": EVERY_EVENT}
    await run_call(voice, person=person, ring_timeout_s=5.0, **outgoing)

    last = our_side.asked_for("status")[-1].fields
    assert (last["CallStatus"], last["SipResponseCode"]) == (takes, sip_code)
    assert "CallDuration" not in last
    assert our_side.asked_for("voice") == []


@pytest.mark.parametrize(
    ("faults", "sequence"),
    [
        (CallbackFaults(duplicate=True), "00112233"),
        (CallbackFaults(order="reversed"), "3210"),
        (CallbackFaults(drop=frozenset({"ringing", "answered"})), "03"),
        (CallbackFaults(order="reversed", duplicate=True, drop=frozenset({"initiated"})), "332211"),
    ],
)
async def test_callbacks_go_astray_on_request(
    our_side: OurSide, run_call: RunCall, faults: CallbackFaults, sequence: str
):
    voice, status = our_side.answer("voice", "<Hangup/>"), Webhook(our_side.answer("status", ""))

    await run_call(
        voice,
        direction="outbound-api",
        status=status,
        status_events=EVERY_EVENT,
        options={"callbacks": faults},
    )

    assert "".join(one.fields["SequenceNumber"] for one in our_side.asked_for("status")) == sequence


async def test_a_detected_machine_is_told_with_the_first_request_or_by_a_callback(our_side: OurSide, run_call: RunCall):
    voice, detected = our_side.answer("voice", "<Hangup/>"), Webhook(our_side.answer("amd", ""))
    person = Person(answered_by="machine_start")
    outgoing = {"person": person, "direction": "outbound-api", "machine_detection": True}

    await run_call(voice, **outgoing)
    await run_call(voice, **outgoing, async_amd=detected)

    first, second = our_side.asked_for("voice")
    assert first.fields["AnsweredBy"] == "machine_start"
    assert "AnsweredBy" not in second.fields
    assert our_side.asked_for("amd")[0].fields["AnsweredBy"] == "machine_start"


async def test_a_record_tells_the_whole_call_without_its_audio(our_side: OurSide, run_call: RunCall):
    our_side.talk = greet_and_listen
    voice = our_side.answer("voice", our_side.stream())

    facts = (await run_call(voice, *conversation("Hello"))).facts()

    assert (facts["status"], facts["ended_by"], facts["utterances"][0]["text"]) == ("completed", "caller", "Hello")
    assert "stream started" in [one["kind"] for one in facts["happenings"]]
    assert "audio" not in str(facts)


@pytest.mark.parametrize("setup", [{}, {"twiml": "<Response><Say>"}])
async def test_a_call_without_usable_instructions_ends_with_an_apology(make_call: MakeCall, setup: dict[str, str]):
    record = await make_call(None, **setup).run()

    assert [facts["code"] for facts in record.of_kind("error")] == [12100]
    assert [facts["text"] for facts in record.of_kind("announcement")] == [APOLOGY]


async def test_the_length_of_a_call_does_not_depend_on_how_long_our_side_takes_to_part(
    our_side: OurSide, run_call: RunCall
):
    async def linger(socket: Socket) -> None:
        await socket.accept()
        await socket.read_until("stop")

    our_side.talk = linger
    voice = our_side.answer("voice", our_side.stream())

    record = await run_call(voice, Pause(3000), HangUp())

    ended = next(one.at_ms for one in record.happenings if one.kind == "stream stopped")
    assert record.ended_ms is not None
    assert record.ended_ms <= ended
