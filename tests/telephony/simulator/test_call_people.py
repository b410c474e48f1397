"""Whole calls: what people do in them, by voice, by key, and by hanging up."""

from __future__ import annotations

import base64

import pytest

from telephony import mulaw
from telephony.simulator.people import BargeIn, HangUp, Pause, Press, Say, WaitForAgent
from telephony.simulator.sounds import wav_of
from telephony.simulator.voices import tone
from tests.telephony.simulator.conftest import MakeCall, RunCall
from tests.telephony.simulator.our_side import OurSide, Page, Socket
from tests.telephony.simulator.scenes import greet_and_listen, greeting


async def test_a_person_who_hangs_up_ends_the_stream_with_a_stop(our_side: OurSide, run_call: RunCall):
    our_side.talk = greet_and_listen
    voice = our_side.answer("voice", our_side.stream() + "<Redirect>never</Redirect>")

    record = await run_call(voice, WaitForAgent(), HangUp())

    assert our_side.sockets[0].events()[-1] == "stop"
    assert our_side.asked_for("never") == []
    assert (record.status, record.ended_by) == ("completed", "caller")


async def test_a_person_waits_until_the_agent_has_finished_and_then_speaks(our_side: OurSide, run_call: RunCall):
    async def talk(socket: Socket) -> None:
        await socket.accept()
        await socket.read_until("start")
        for _ in range(3):
            await socket.play(greeting(500))
            await socket.mark("said")
            await socket.read_until("mark")
        await socket.read_all()

    our_side.talk = talk
    voice = our_side.answer("voice", our_side.stream())

    record = await run_call(voice, WaitForAgent(quiet_ms=3000), Say("Good morning"), HangUp())

    (utterance,) = record.utterances
    spoken = mulaw.frames(bytes(record.heard.audio))
    voiced_until = max(n * 20 + 20 for n, frame in enumerate(spoken) if mulaw.is_voiced(frame))
    assert utterance.text == "Good morning"
    assert utterance.began_ms is not None
    assert utterance.began_ms >= voiced_until + 2900
    assert record.said.part(utterance.began_ms, utterance.began_ms + 200) == tone(200)


async def test_a_person_barges_in_and_both_sides_show_it(our_side: OurSide, run_call: RunCall):
    async def talk(socket: Socket) -> None:
        await socket.accept()
        await socket.read_until("start")
        await socket.play(greeting(20_000))
        while base64.b64decode((await socket.read_until("media"))["media"]["payload"]) == mulaw.SILENCE:
            pass
        await socket.clear()
        await socket.read_all()

    our_side.talk = talk
    voice = our_side.answer("voice", our_side.stream())

    record = await run_call(voice, BargeIn("Wait, wait", after_ms=1000), HangUp())

    (utterance,) = record.utterances
    assert utterance.barge_in_s is not None
    assert utterance.began_ms is not None
    assert utterance.began_ms >= 1000
    assert record.heard.length_ms < 20_000
    assert record.of_kind("cleared")[0]["dropped_ms"] > 0
    assert utterance.unasked_bytes == 0


async def test_keys_are_sent_to_the_stream(our_side: OurSide, run_call: RunCall):
    our_side.talk = greet_and_listen
    voice = our_side.answer("voice", our_side.stream())

    await run_call(voice, WaitForAgent(), Press("4#"), HangUp())

    assert [one["dtmf"]["digit"] for one in our_side.sockets[0].got if one["event"] == "dtmf"] == ["4", "#"]


async def test_gather_sends_the_keys_to_its_action(our_side: OurSide, run_call: RunCall):
    our_side.answer("menu", "<Hangup/>")
    gather = '<Gather action="/menu" numDigits="2"><Say>Press something, anything, please do</Say></Gather>'
    voice = our_side.answer("voice", gather)

    await run_call(voice, Pause(200), Press("42"))

    assert our_side.asked_for("menu")[0].fields["Digits"] == "42"


async def test_gather_without_keys_falls_through(our_side: OurSide, run_call: RunCall):
    voice = our_side.answer(
        "voice", '<Gather action="/menu" timeout="1"><Say>Hi</Say></Gather><Redirect>/none</Redirect>'
    )
    our_side.answer("none", "<Hangup/>")

    await run_call(voice)

    assert our_side.asked_for("menu") == []
    assert len(our_side.asked_for("none")) == 1


async def test_record_keeps_the_message_and_says_where_it_is(our_side: OurSide, make_call: MakeCall):
    our_side.answer("recorded", "<Hangup/>")
    voice = our_side.answer("voice", '<Record action="/recorded" timeout="2"/>')
    call = make_call(voice, Pause(1000), Say("Please call me back tomorrow"))

    await call.run()

    fields = our_side.asked_for("recorded")[0].fields
    assert fields["RecordingUrl"] == call.recording_url(fields["RecordingSid"])
    assert int(fields["RecordingDuration"]) >= 2
    assert call.recordings[fields["RecordingSid"]][:4] == b"RIFF"


async def test_play_plays_a_sound_file(our_side: OurSide, run_call: RunCall):
    our_side.pages["sound.wav"] = Page(wav_of(tone(400)), type="audio/x-wav")
    voice = our_side.answer("voice", "<Play>/sound.wav</Play>")

    record = await run_call(voice)

    played = bytes(record.heard.audio).strip(mulaw.SILENCE[:1])
    assert len(played) / 8 == pytest.approx(400, abs=20)


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "no-answer")])
async def test_a_rejected_call_is_never_answered(our_side: OurSide, run_call: RunCall, reason: str, status: str):
    voice = our_side.answer("voice", f'<Reject reason="{reason}"/>')

    record = await run_call(voice)

    assert (record.status, record.answered) == (status, None)
