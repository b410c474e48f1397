"""From the answered call to the settled attempt, as the carrier asks and reports."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.admission import Admission, Refused
from calls.models import Call
from campaigns.models import AudioClip, Campaign, ComplianceProfile, Contact, DoNotCall, Target
from telephony.event_writer import EventWriter
from telephony.models import CarrierEvent
from tests import factories
from tests.campaigns.line import ROSA, Line, asked, in_thread, names, text
from tests.campaigns.people import LONG_AGO, NIGHT, NOON, make_campaign
from tests.telephony.shelf import Shelf, an_event, writer_of
from tests.telephony.signing import CALL_SID

pytestmark = pytest.mark.django_db(transaction=True)

SECOND_SID = "CA00000000000000000000000000000002"
RECORDING = "RE00000000000000000000000000000001"
MakeLine = Callable[..., Awaitable[Line]]


@pytest.fixture
def events(tmp_path: Path) -> Iterator[Callable[[], EventWriter]]:
    writer = writer_of(tmp_path / "events", Shelf())
    yield lambda: writer
    writer.keep(an_event()).result(10)


@pytest.fixture
def make_line(agent: Agent, events: Callable[[], EventWriter]) -> MakeLine:
    async def make(**campaign: Any) -> Line:
        _, attempt_id = await in_thread(asked, agent, **campaign)
        return Line(agent, attempt_id, events)

    return make


@pytest.fixture
async def line(make_line: MakeLine) -> Line:
    return await make_line()


def change(agent: Agent, work: Callable[[], Any]) -> Any:
    with tenant_transaction(agent.tenant_id):
        return work()


# Somebody picks up


async def test_the_call_says_who_calls_and_how_to_stop_it_before_the_message(line: Line, agent: Agent) -> None:
    profile = {"legal_name": "Juniper Dental, PLLC", "callback_number": "+12085550110"}
    await in_thread(change, agent, lambda: ComplianceProfile.objects.create(**profile))

    gather, redirect = await line.answered()

    first, message, options = [each.text or "" for each in gather]
    assert first.startswith("This is an automated call for Juniper Dental, PLLC. Press 9 or say stop to end calls")
    assert "two zero eight" in first
    assert message == "Hello Rosa Delgado."
    assert options == "Press 1 to confirm, 2 for another time."
    assert gather.attrib["input"] == "dtmf speech"
    assert gather.attrib["action"] == redirect.text
    assert (await line.outcome())[0] == "answered"
    assert await line.receipts() == [("claim", "allow"), ("answer", "allow")]


async def test_a_clip_that_is_ready_is_played(line: Line, agent: Agent) -> None:
    def give_clip(text: str) -> None:
        clip = AudioClip.objects.create(content=text, text=text, status="ready", file="a.wav")
        Target.objects.update(clip=clip)

    await in_thread(change, agent, lambda: give_clip("Hello Rosa Delgado."))
    gather, _ = await line.answered()
    assert [each.tag for each in gather] == ["Say", "Play", "Say"]

    await in_thread(change, agent, lambda: give_clip("Hello, this is the text of yesterday."))
    gather, _ = await line.answered()
    assert [each.tag for each in gather] == ["Say", "Say", "Say"]
    assert "Hello Rosa Delgado." in text([gather])


async def test_a_message_that_cannot_be_said_any_more_leaves_no_silence(line: Line, agent: Agent) -> None:
    await in_thread(change, agent, lambda: Contact.objects.update(name=""))

    assert "We have a message for you. Please call us." in text(await line.answered())


async def test_each_language_is_spoken_in_its_own_voice(make_line: MakeLine) -> None:
    line = await make_line(language="es-US", message="Hola {{name}}.")

    gather, _ = await line.answered()

    assert [each.attrib["language"] for each in gather] == ["en-US", "es-US", "en-US"]
    assert gather.attrib["language"] == "es-US"


async def test_names_do_not_break_out_of_their_sentence(line: Line, agent: Agent) -> None:
    await in_thread(change, agent, lambda: ComplianceProfile.objects.create(legal_name="</Say><Dial>1</Dial> & Sons"))

    assert names(await line.answered()) == ["Gather", "Redirect"]


async def test_the_same_call_is_told_the_same_again_and_another_one_nothing(line: Line) -> None:
    first = await line.answered()

    assert text(await line.answered()) == text(first)
    assert names(await line.answered(SECOND_SID)) == ["Hangup"]
    assert names(await line.pressed("1", sid=SECOND_SID)) == ["Hangup"]
    assert (await line.attempt()).carrier_sid == CALL_SID


async def test_an_attempt_that_has_ended_is_hung_up_before_a_word(line: Line) -> None:
    await line.status("no-answer")

    assert names(await line.answered()) == ["Hangup"]


async def test_an_opt_out_in_the_meantime_is_confirmed_in_a_sentence(line: Line, agent: Agent) -> None:
    await in_thread(change, agent, lambda: DoNotCall.objects.create(e164=ROSA, source="admin", since=LONG_AGO))

    say, hangup = await line.answered()

    assert (say.text or "").endswith("You will get no more calls from us. Goodbye.")
    assert hangup.tag == "Hangup"
    assert await line.outcome() == ("ended", "opted_out", "done")
    assert await line.receipts() == [("claim", "allow"), ("answer", "deny")]


async def test_a_window_that_closed_while_it_rang_ends_the_call_and_the_person_waits_for_the_next(line: Line) -> None:
    line.at = NIGHT + timedelta(days=1)

    assert names(await line.answered()) == ["Hangup"]

    attempt = await line.attempt()
    assert (attempt.outcome, attempt.target.status) == ("refused", "waiting")
    assert attempt.target.due_at > line.at


async def test_an_address_that_was_not_signed_leads_nowhere(line: Line, agent: Agent) -> None:
    line.attempt_id = uuid4()
    assert names(await line.answered()) == ["Hangup"]

    from campaigns import webhooks

    url = f"https://agents.example/agents/{agent.pk}/outbound-call/nonsense"
    assert (await line.post(webhooks.OutboundCall, url)).status_code == 404


# Keys


async def test_a_key_settles_the_attempt_and_is_thanked_for(line: Line) -> None:
    await line.answered()

    assert text(await line.pressed("1")).startswith("Thank you, that is confirmed.")

    attempt = await line.attempt()
    assert (attempt.key_pressed, attempt.target.disposition) == ("1", "confirmed")
    assert await line.outcome() == ("ended", "confirmed", "done")
    assert text(await line.pressed("1")).startswith("Thank you, that is confirmed.")  # the carrier did not hear us


async def test_a_second_thought_changes_nothing_but_an_opt_out_always_counts(line: Line) -> None:
    await line.answered()
    await line.pressed("1")

    assert names(await line.pressed("2")) == ["Hangup"]
    assert (await line.outcome())[1] == "confirmed"
    assert "no more calls" in text(await line.pressed("9"))
    assert [source for source, _ in await line.do_not_call()] == ["key"]


async def test_key_9_ends_everything_that_waits_for_the_number(line: Line, agent: Agent) -> None:
    other = await in_thread(make_campaign, agent, ROSA, name="Another")
    await line.answered()

    answer = await line.pressed("9")

    assert "no more calls" in text(answer)
    assert await line.outcome() == ("ended", "opted_out", "done")
    ((source, evidence),) = await line.do_not_call()
    assert source == "key"
    assert CALL_SID in evidence
    assert NOON.isoformat() in evidence
    waiting = await in_thread(change, agent, lambda: Target.objects.get(campaign=other))
    assert (waiting.status, waiting.disposition) == ("done", "opted_out")


async def test_a_key_that_means_nothing_brings_the_message_again(line: Line) -> None:
    await line.answered()

    assert names(await line.pressed("7")) == ["Gather", "Redirect"]
    assert (await line.outcome())[0] == "answered"


async def test_who_listens_and_says_nothing_is_let_go(line: Line) -> None:
    await line.answered()

    assert text(await line.pressed()).endswith("Goodbye.")
    assert await line.outcome() == ("ended", "spoken", "done")


async def test_another_key_may_mean_stop_as_well(make_line: MakeLine) -> None:
    line = await make_line(keys={"3": "opted_out"})
    await line.answered()

    assert "no more calls" in text(await line.pressed("3"))
    assert [source for source, _ in await line.do_not_call()] == ["key"]


# Words


async def test_stop_is_honored_by_voice_however_badly_it_was_heard(line: Line) -> None:
    await line.answered()

    assert "no more calls" in text(await line.said("please stop calling me", 0.2))

    ((source, evidence),) = await line.do_not_call()
    assert source == "voice"
    assert "please stop calling me" in evidence


async def test_a_plain_yes_confirms_and_a_mumble_is_for_a_person(make_line: MakeLine) -> None:
    sure = await make_line()
    await sure.answered()
    assert text(await sure.said("Yes, please.")).startswith("Thank you, that is confirmed.")
    assert await sure.outcome() == ("ended", "confirmed", "done")
    assert await sure.reply() is None


async def test_words_that_nobody_can_be_sure_of_are_kept_for_a_person(line: Line) -> None:
    await line.answered()
    await line.said("well my sister said something about that")

    reply = await line.reply()
    assert reply is not None
    assert (reply.status, reply.transcript) == ("open", "well my sister said something about that")
    assert await line.outcome() == ("ended", "spoken", "done")


async def test_a_screening_machine_that_asks_who_calls_hears_it_again(line: Line) -> None:
    await line.answered()

    answer = await line.said("Please state your name and the reason for your call")

    assert text(answer).startswith("This is an automated call for")
    assert (await line.outcome())[0] == "answered"


# A spoken reply


async def test_an_answer_is_recorded_where_the_campaign_wants_it(make_line: MakeLine) -> None:
    line = await make_line(records_reply=True)
    await line.answered()

    say, record, hangup = await line.pressed()

    assert "It is recorded" in (say.text or "")
    assert (record.tag, record.attrib["maxLength"], hangup.tag) == ("Record", "60", "Hangup")
    assert record.attrib["action"] == record.attrib["recordingStatusCallback"]


async def test_a_recording_is_told_twice_and_is_one_reply(make_line: MakeLine) -> None:
    line = await make_line(records_reply=True)
    await line.answered()
    await line.pressed()

    assert text(await line.recorded(RECORDING, RecordingDuration="3")).startswith("Thank you.")
    await line.recorded(RECORDING, RecordingStatus="completed")

    reply = await line.reply()
    assert reply is not None
    assert (reply.status, reply.recording_sid) == ("fetching", RECORDING)
    assert await line.outcome() == ("ended", "spoken", "done")


async def test_a_recording_that_was_ended_by_key_9_is_an_opt_out(make_line: MakeLine) -> None:
    line = await make_line(records_reply=True)
    await line.answered()

    assert "no more calls" in text(await line.recorded(RECORDING, Digits="9"))
    assert [source for source, _ in await line.do_not_call()] == ["key"]


@pytest.mark.parametrize("fields", [{"RecordingStatus": "absent"}, {"RecordingStatus": "completed"}])
async def test_a_recording_without_a_name_or_a_sound_is_no_reply(line: Line, fields: dict[str, str]) -> None:
    await line.answered()
    name = "../../etc/passwd" if fields["RecordingStatus"] == "completed" else RECORDING

    assert names(await line.recorded(name, **fields)) == ["Hangup"]
    assert await line.reply() is None


# The live agent


def admitted(agent: Agent, call: Call | None, code: str = "busy") -> Any:
    async def admit(**asked: Any) -> Admission:
        assert (asked["direction"], asked["carrier_sid"]) == ("outbound", CALL_SID)
        if call is None:
            raise Refused(code)
        return Admission(call.pk, agent.pk, agent.tenant_id, segment=1)

    return admit


async def test_key_0_connects_to_the_live_agent(line: Line, agent: Agent) -> None:
    call = await in_thread(factories.make_call, agent)
    line.admit = admitted(agent, call)
    await line.answered()

    assert names(await line.pressed("0")) == ["Connect", "Redirect"]
    assert (await line.attempt()).call_id == call.pk

    await line.status("completed")
    assert await line.outcome() == ("ended", "spoken", "done")


async def test_a_conversation_begins_with_who_calls_and_key_9(make_line: MakeLine, agent: Agent) -> None:
    line = await make_line(kind=Campaign.Kind.AGENT)
    call = await in_thread(factories.make_call, agent)
    line.admit = admitted(agent, call)

    gather, _ = await line.answered()
    assert "Press 9" in text([gather])
    assert names(await line.pressed()) == ["Connect", "Redirect"]


async def test_nobody_waits_in_silence_for_an_agent_that_cannot_come(line: Line, agent: Agent) -> None:
    line.admit = admitted(agent, None)
    await line.answered()

    assert names(await line.pressed("0")) == ["Say", "Hangup"]
    await line.status("completed")
    assert await line.outcome() == ("ended", "failed", "done")


async def test_who_asked_for_an_agent_while_this_process_ends_is_passed_to_the_next(line: Line, agent: Agent) -> None:
    line.admit = admitted(agent, None, "draining")
    await line.answered()
    assert names(await line.pressed("0")) == ["Say", "Pause", "Redirect"]

    line.admit = admitted(agent, await in_thread(factories.make_call, agent))
    assert names(await line.pressed()) == ["Connect", "Redirect"]


# Machines


async def test_a_machine_hears_its_own_message_and_no_keys(make_line: MakeLine) -> None:
    line = await make_line(voicemail="Please call us about your visit, {{first_name}}.")
    await line.answered()
    await line.detected("machine_end_beep")

    answer = await line.answered()

    assert names(answer) == ["Say", "Say", "Say", "Hangup"]
    assert text(answer).startswith("This is an automated call for")
    assert "Please call us about your visit, Rosa." in text(answer)
    await line.status("completed")
    assert await line.outcome() == ("ended", "voicemail", "done")


@pytest.mark.parametrize(
    ("answered_by", "outcome", "status"), [("machine_end_other", "machine", "waiting"), ("fax", "fax", "done")]
)
async def test_a_machine_that_nothing_is_left_on_is_hung_up(
    line: Line, answered_by: str, outcome: str, status: str
) -> None:
    await line.detected(answered_by)

    assert names(await line.answered()) == ["Hangup"]
    assert await line.outcome() == ("ended", outcome, status)


@pytest.mark.parametrize("answered_by", ["human", "unknown"])
async def test_the_first_word_on_who_answered_is_the_last(line: Line, answered_by: str) -> None:
    await line.detected(answered_by)
    await line.detected("machine_end_beep")

    assert names(await line.answered()) == ["Gather", "Redirect"]
    assert (await line.attempt()).answered_by == answered_by


async def test_who_pressed_a_key_is_no_machine(line: Line) -> None:
    await line.answered()
    await line.pressed("1")
    await line.detected("machine_end_beep")

    assert (await line.attempt()).answered_by == ""
    assert (await line.outcome())[1] == "confirmed"


# What the carrier reports


@pytest.mark.parametrize(
    ("status", "outcome", "person"),
    [("busy", "busy", "waiting"), ("no-answer", "no_answer", "waiting"), ("failed", "failed", "done")],
)
async def test_a_call_that_nobody_took_is_settled(line: Line, status: str, outcome: str, person: str) -> None:
    assert (await line.status("ringing")).status_code == 204
    await line.status(status)

    assert await line.outcome() == ("ended", outcome, person)


async def test_reports_that_are_late_double_and_out_of_order_change_nothing(line: Line, agent: Agent) -> None:
    await line.answered()
    await line.pressed("1")
    for status in ("completed", "ringing", "in-progress", "completed", "busy", "initiated"):
        assert (await line.status(status)).status_code == 204

    assert await line.outcome() == ("ended", "confirmed", "done")
    kept = await in_thread(change, agent, lambda: CarrierEvent.objects.filter(kind="status").count())
    assert kept == 5


async def test_who_hangs_up_on_the_message_has_hung_up_on_us(line: Line) -> None:
    await line.answered()
    await line.status("completed", CallDuration="61")

    attempt = await line.attempt()
    assert (attempt.outcome, attempt.target.disposition) == ("hung_up", "hung_up")
    assert attempt.cost_cents > 0


async def test_a_report_names_the_call_before_the_carriers_own_answer_does(line: Line) -> None:
    await line.status("ringing")

    attempt = await line.attempt()
    assert (attempt.carrier_sid, attempt.state) == (CALL_SID, "placed")


async def test_a_report_about_another_call_moves_nothing(line: Line) -> None:
    await line.answered()
    await line.status("completed", SECOND_SID)

    assert (await line.outcome())[0] == "answered"
