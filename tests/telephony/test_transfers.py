"""What the carrier is told while a caller is put through: the caller's side and the person's, word for word."""

from __future__ import annotations

import wave
from collections.abc import Callable
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import reverse

from calls.admission import Admission, Refused
from calls.transfers.sentences import LANGUAGES
from calls.transfers.steps import After, Hears, Next, PersonStep, Room, Step, Told
from telephony import twiml
from telephony.event_writer import EventWriter
from telephony.person_webhooks import Hold, Person, PersonStatus
from telephony.webhooks import ResumeCall, Transferred
from tests.campaigns.line import in_thread
from tests.telephony.desk import AGENT, CALL, Desk, url, verbs
from tests.telephony.shelf import Shelf, an_event
from tests.telephony.signing import CALL_SID, ORIGIN, call_fields, webhook

RING, ROOM = uuid4(), uuid4()
Events = Callable[[], EventWriter]


class Looks:
    """Who was to be looked after."""

    def __init__(self) -> None:
        self.after: list[Any] = []

    def __call__(self, agent_id: UUID, whom: Any) -> None:
        self.after.append(whom)


async def resumed(events: Events, step: Next, looks: Looks) -> list[ElementTree.Element]:
    async def asked(agent_id: UUID, carrier_sid: str) -> Next:
        return step

    view = ResumeCall.as_view(readmit=Desk(Refused("ended")), next_step=asked, events=events, look_after=looks)
    return verbs(await view(webhook(url("resume"), call_fields()), agent_id=AGENT))


async def came_back(events: Events, step: Next, **fields: str) -> tuple[list[ElementTree.Element], Told]:
    told: list[Told] = []

    async def report(agent_id: UUID, carrier_sid: str, what: Told) -> Next:
        told.append(what)
        return step

    admission = Admission(call_id=CALL, agent_id=AGENT, tenant_id=7, segment=2)
    view = Transferred.as_view(readmit=Desk(admission), report=report, events=events, look_after=Looks())
    answer = verbs(await view(webhook(url("transferred"), call_fields(**fields)), agent_id=AGENT))
    return answer, told[0]


async def test_a_caller_who_asked_for_a_person_is_put_straight_through(events: Events):
    (dial,) = await resumed(events, Step("+12085550125", "+12085550110"), Looks())

    assert (dial.tag, dial.get("callerId"), dial.get("timeout")) == ("Dial", "+12085550110", "20")
    assert [(noun.tag, noun.text) for noun in dial] == [("Number", "+12085550125")]
    assert str(dial.get("action")).startswith(url("transferred"))


async def test_a_caller_who_is_introduced_waits_with_music_and_is_looked_after_at_once(events: Events):
    looks = Looks()
    (dial,) = await resumed(events, Room(ROOM), looks)

    (conference,) = dial
    assert conference.text == str(ROOM)
    assert conference.attrib == {
        "startConferenceOnEnter": "false",
        "endConferenceOnExit": "true",
        "beep": "false",
        "waitUrl": url("hold"),
        "waitMethod": "POST",
    }
    assert str(dial.get("action")).startswith(url("transferred"))
    assert looks.after == [CALL_SID]


async def test_after_a_phone_was_rung_the_next_is_or_the_agent_is_back(events: Events):
    answer, told = await came_back(
        events, After.AGENT, DialCallStatus="busy", DialCallSid="CA8", CallStatus="in-progress"
    )
    assert [verb.tag for verb in answer] == ["Connect", "Redirect"]
    assert told == Told("busy", "CA8")

    (dial,), _ = await came_back(events, Step("sip:desk@example.com", ""))
    assert [(noun.tag, noun.text) for noun in dial] == [("Sip", "sip:desk@example.com")]


@pytest.mark.parametrize("after", [After.GOODBYE, After.CALL_BACK, After.THANKS])
async def test_who_is_let_go_hears_why(events: Events, after: After):
    (say, hangup), _ = await came_back(events, after)

    assert (say.text, hangup.tag) == (getattr(LANGUAGES["en"], after.value), "Hangup")


async def test_nobody_speaks_to_somebody_who_has_left(events: Events):
    answer, told = await came_back(events, After.ENDED, CallStatus="completed")

    assert [verb.tag for verb in answer] == ["Hangup"]
    assert told.has_left


async def test_a_message_is_asked_for_and_its_words_come_back_to_the_same_place(events: Events):
    (gather,), _ = await came_back(events, After.MESSAGE)

    assert gather.attrib["input"] == "speech"
    assert gather.attrib["actionOnEmptyResult"] == "true"
    assert gather.attrib["action"].startswith(url("transferred"))
    assert [say.text for say in gather] == [LANGUAGES["en"].message]
    assert (await came_back(events, After.THANKS, SpeechResult="Look at my bill"))[1].words == "Look at my bill"
    assert (await came_back(events, After.THANKS, Digits=""))[1].words == ""


async def test_the_words_of_a_message_are_not_kept_with_what_the_carrier_told(events: Events, shelf: Shelf):
    _, told = await came_back(events, After.THANKS, SpeechResult="Look at my bill", DialCallDuration="61")

    await in_thread(lambda: events().keep(an_event()).result(10))  # whatever came before it is stored, too
    assert told.seconds == 61
    assert shelf.stored[0].payload["SpeechResult"] == "…"


async def test_who_waits_hears_music_and_a_sentence_for_ever_and_is_looked_after_each_time():
    looks = Looks()
    answer = await Hold.as_view(look_after=looks)(webhook(url("hold"), call_fields()), agent_id=AGENT)

    play, say, again = verbs(answer)
    assert play.text == f"{ORIGIN}/agents/hold-music.wav"
    assert say.text == LANGUAGES["en"].waiting
    assert (again.tag, again.text) == ("Redirect", url("hold"))
    assert looks.after == [CALL_SID]


def test_the_music_is_a_file_that_the_carrier_can_play_and_never_loud(client: Client):
    answer = client.get(reverse("hold_music"))

    with wave.open(BytesIO(answer.content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        samples = memoryview(file.readframes(file.getnframes())).cast("h")
    assert len(samples) == 12 * 8000
    assert 3000 < max(samples) <= 5000
    assert abs(samples[0] - samples[-1]) < 700  # no click where it begins again
    assert "immutable" in answer["Cache-Control"]


# The person


async def picked_up(events: Events, step: PersonStep | None, **fields: str) -> tuple[list[ElementTree.Element], Any]:
    asked: list[Any] = []

    async def decide(agent_id: UUID, ring_id: UUID, carrier_sid: str, key: str | None) -> PersonStep | None:
        asked.append((agent_id, ring_id, carrier_sid, key))
        return step

    looks = Looks()
    view = Person.as_view(step=decide, events=events, look_after=looks)
    answer = verbs(await view(webhook(url(f"person/{RING}"), call_fields(**fields)), agent_id=AGENT, ring_id=RING))
    assert looks.after == [RING]
    return answer, asked[0]


async def test_a_person_hears_who_waits_and_is_asked_for_a_key_twice(events: Events):
    answer, asked = await picked_up(events, PersonStep(Hears.INTRODUCTION, "A call from Maria."))

    assert asked == (AGENT, RING, CALL_SID, None)
    keys = LANGUAGES["en"].keys
    assert [gather[0].text for gather in answer] == [f"A call from Maria. {keys}", keys]
    assert [gather.get("actionOnEmptyResult") for gather in answer] == ["false", "true"]
    assert all(str(gather.get("action")).startswith(url(f"person/{RING}")) for gather in answer)


async def test_who_takes_the_call_is_let_into_the_room(events: Events):
    (dial, hangup), asked = await picked_up(events, PersonStep(Hears.CALLER, room=ROOM), Digits="1")

    assert asked[3] == "1"
    (conference,) = dial
    assert conference.text == str(ROOM)
    assert conference.attrib == {"startConferenceOnEnter": "true", "endConferenceOnExit": "true", "beep": "false"}
    assert hangup.tag == "Hangup"


@pytest.mark.parametrize(("hears", "words"), [(Hears.THANKS, "declined"), (Hears.GONE, "gone")])
async def test_who_declines_or_comes_too_late_is_thanked(events: Events, hears: Hears, words: str):
    (say, hangup), _ = await picked_up(events, PersonStep(hears), Digits="2")

    assert (say.text, hangup.tag) == (getattr(LANGUAGES["en"], words), "Hangup")


async def test_no_key_at_all_is_told_from_picking_up(events: Events):
    _, asked = await picked_up(events, PersonStep(Hears.THANKS), Digits="")

    assert asked[3] == ""


async def test_a_person_hears_a_sentence_when_the_database_is_away(events: Events):
    answer, _ = await picked_up(events, None)

    assert [verb.tag for verb in answer] == ["Say", "Hangup"]


@pytest.mark.parametrize(("is_stored", "status"), [(True, 204), (False, 503)])
async def test_a_report_of_a_phone_is_stored_or_asked_for_again(events: Events, *, is_stored: bool, status: int):
    async def moved(agent_id: UUID, ring_id: UUID, carrier_sid: str, what: str, seconds: int) -> bool:
        assert (ring_id, carrier_sid, what, seconds) == (RING, CALL_SID, "completed", 42)
        return is_stored

    looks = Looks()
    view = PersonStatus.as_view(moved=moved, events=events, look_after=looks)
    fields = call_fields(CallStatus="completed", CallDuration="42")
    answer = await view(webhook(url(f"person-status/{RING}"), fields), agent_id=AGENT, ring_id=RING)

    assert answer.status_code == status
    assert looks.after == ([RING] if is_stored else [])


def test_a_long_introduction_still_fits_what_the_carrier_takes():
    answer = ElementTree.fromstring(twiml.introduce("<&> \ud83d" * 3000, "Press 1.", "https://x.example/"))  # noqa: S314

    assert len(answer[0][0].text or "") <= twiml.MAX_SPOKEN
