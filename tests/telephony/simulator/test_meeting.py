"""Two calls meet in a room: music for whoever waits, then both hear one another."""

from __future__ import annotations

import asyncio

from telephony import mulaw
from telephony.simulator.meeting import Rooms
from telephony.simulator.people import HangUp, Pause, Say, StaySilent
from telephony.simulator.record import CallRecord
from telephony.simulator.sounds import wav_of
from telephony.simulator.voices import noise
from tests.telephony.simulator.conftest import MakeCall
from tests.telephony.simulator.our_side import OurSide, Page

MUSIC = noise(1000)
SLOWLY = {"time_scale": 5.0}


def waits(side: OurSide) -> str:
    side.pages["music.wav"] = Page(wav_of(MUSIC), type="audio/wav")
    side.answer("hold", "<Play>/music.wav</Play><Redirect>/hold</Redirect>")
    room = '<Conference startConferenceOnEnter="false" endConferenceOnExit="true" waitUrl="/hold">r</Conference>'
    side.answer("out", "<Hangup/>")
    return side.answer("caller", f'<Dial action="/out">{room}</Dial>')


def joins(side: OurSide, *, ends: bool = True) -> str:
    room = f'<Conference endConferenceOnExit="{str(ends).lower()}">r</Conference>'
    return side.answer("person", f"<Dial>{room}</Dial><Hangup/>")


def heard(record: CallRecord) -> bytes:
    return bytes(record.heard.audio)


async def test_a_caller_hears_music_until_somebody_comes_and_then_both_hear_each_other(
    our_side: OurSide, make_call: MakeCall
):
    rooms = Rooms()
    caller = make_call(waits(our_side), Pause(4500), Say("Hello"), StaySilent(), options=SLOWLY)
    person = make_call(joins(our_side), Pause(1000), Say("Good morning"), Pause(3000), HangUp(), options=SLOWLY)
    caller.rooms = person.rooms = rooms

    waiting = asyncio.create_task(caller.run())
    await asyncio.sleep(0.5)
    talked = await person.run()
    waited = await waiting

    (said,), (answered,) = talked.utterances, waited.utterances
    after_music = heard(waited)[len(MUSIC) :]
    assert mulaw.encode(mulaw.decode(MUSIC))[:4000] in heard(waited)
    assert said.audio[:1600] in after_music
    assert answered.audio[:1600] in heard(talked)
    voiced = sum(map(mulaw.is_voiced, mulaw.frames(heard(talked))))
    assert voiced <= len(answered.audio) / mulaw.FRAME_BYTES + 2  # and nobody hears themselves
    assert len(our_side.asked_for("hold")) > 1
    (out,) = our_side.asked_for("out")
    assert (out.fields["DialCallStatus"], "DialCallSid" in out.fields) == ("answered", False)
    assert (talked.ended_by, waited.ended_by) == ("caller", "agent")


async def test_a_room_ends_for_the_person_when_the_caller_hangs_up(our_side: OurSide, make_call: MakeCall):
    rooms = Rooms()
    caller = make_call(waits(our_side), Pause(6000), HangUp())
    person = make_call(joins(our_side, ends=False))
    caller.rooms = person.rooms = rooms

    waited, talked = await asyncio.gather(caller.run(), person.run())

    assert (waited.ended_by, talked.ended_by) == ("caller", "agent")
    assert our_side.asked_for("out") == []


async def test_music_that_cannot_be_had_is_silence_and_an_error(our_side: OurSide, make_call: MakeCall):
    caller = make_call(waits(our_side), Pause(2000), HangUp())
    our_side.pages["hold"] = Page(status=500)

    record = await caller.run()

    assert [each.facts["code"] for each in record.errors] == [11200]
    assert record.ended_by == "caller"
