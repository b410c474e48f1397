"""From the answered call to the settled attempt, as the carrier asks and reports."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from agents.models import Agent
from campaigns.models import AudioClip, ComplianceProfile, Contact, DoNotCall, Target
from telephony.models import CarrierEvent
from tests.campaigns.line import ROSA, Line, change, in_thread, names, text
from tests.campaigns.rows import LONG_AGO, NIGHT
from tests.telephony.signing import CALL_SID

pytestmark = pytest.mark.django_db(transaction=True)

SECOND_SID = "CA00000000000000000000000000000002"
RECORDING = "RE00000000000000000000000000000001"
MakeLine = Callable[..., Awaitable[Line]]


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
    assert await line.receipts() == [("dial", "allow"), ("answer", "allow")]


async def test_a_clip_that_is_ready_is_played(line: Line, agent: Agent) -> None:
    def give_clip(text: str) -> str:
        file: str = storages["clips"].save("a.wav", ContentFile(b"sound"))
        clip = AudioClip.objects.create(content=text, text=text, status="ready", file=file)
        Target.objects.update(clip=clip)
        return file

    files: list[str] = []
    await in_thread(change, agent, lambda: files.append(give_clip("Hello Rosa Delgado.")))
    gather, _ = await line.answered()
    assert [each.tag for each in gather] == ["Say", "Play", "Say"]

    storages["clips"].delete(files[0])
    gather, _ = await line.answered()
    assert [each.tag for each in gather] == ["Say", "Say", "Say"]

    await in_thread(change, agent, lambda: give_clip("Hello, this is the text of yesterday."))
    gather, _ = await line.answered()
    assert [each.tag for each in gather] == ["Say", "Say", "Say"]
    assert "Hello Rosa Delgado." in text([gather])


async def test_a_message_that_cannot_be_said_any_more_leaves_no_silence(line: Line, agent: Agent) -> None:
    await in_thread(change, agent, lambda: Contact.objects.update(name=""))

    assert "We have a message for you. Please call us." in text(await line.answered())


async def test_whoever_speaks_spanish_is_called_in_spanish_from_the_first_word_on(make_line: MakeLine) -> None:
    line = await make_line(language="es-US", message="Hola {{name}}.")

    gather, _ = await line.answered()

    assert [each.attrib["language"] for each in gather] == ["es-US"] * 3
    assert gather.attrib["language"] == "es-US"
    assert text([gather]).startswith("Esta es una llamada automática de Juniper Dental. Pulse 9 o diga basta")
    assert text([gather]).endswith("Pulse 1 para confirmar, 2 para cambiar la fecha.")


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
    assert await line.receipts() == [("dial", "allow"), ("answer", "deny")]


async def test_a_window_that_closed_while_it_rang_ends_the_call_and_the_person_waits_for_the_next(line: Line) -> None:
    line.at = NIGHT + timedelta(days=1)

    answer = await line.answered()

    assert names(answer) == ["Say", "Hangup"]
    assert text(answer).startswith("This is Juniper Dental. It is not a good time for a call")
    attempt = await line.attempt()
    assert (attempt.outcome, attempt.target.status) == ("refused", "waiting")
    assert attempt.target.due_at > line.at
    assert await line.receipts() == [("dial", "allow"), ("answer", "deny")]


async def test_an_address_that_was_not_signed_leads_nowhere(line: Line, agent: Agent) -> None:
    line.attempt_id = uuid4()
    assert names(await line.answered()) == ["Hangup"]

    from campaigns import webhooks

    url = f"https://agents.example/agents/{agent.pk}/outbound-call/nonsense"
    assert (await line.post(webhooks.OutboundCall, url)).status_code == 404


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
