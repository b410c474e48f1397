from __future__ import annotations

import time

from telephony import mulaw
from telephony.simulator.clock import Clock
from telephony.simulator.handset import Handset
from telephony.simulator.voices import tone


async def a_while(handset: Handset, frames: int) -> None:
    target = handset.frames + frames
    while handset.frames < target:
        await handset.clock.sleep(20)


async def test_frames_come_without_end_and_are_silent_between_words():
    handset, frames = Handset(Clock(50)), []
    handset.on_frame = frames.append
    handset.start()
    await a_while(handset, 5)
    handset.say(tone(100))
    await handset.said_all()
    await a_while(handset, 5)
    handset.stop()

    voiced = [mulaw.is_voiced(frame) for frame in frames]
    assert {len(frame) for frame in frames} == {160}
    assert voiced.count(True) == 5
    assert voiced == sorted(voiced[: voiced.index(True)]) + [True] * 5 + [False] * (
        len(voiced) - voiced.index(True) - 5
    )


async def test_frames_that_the_machine_missed_are_made_up_for_at_once():
    handset, frames = Handset(Clock(50)), []
    handset.on_frame = frames.append
    handset.start()
    time.sleep(0.05)  # noqa: ASYNC251 -- the machine is busy with something else
    due = int(handset.clock.now_ms()) // 20
    await a_while(handset, 1)
    handset.stop()

    assert due >= 125
    assert len(frames) >= due - 1


async def test_an_utterance_knows_where_its_voice_ended():
    handset = Handset(Clock(50))
    handset.start()
    utterance = handset.say(mulaw.SILENCE * 2 + tone(200) + mulaw.SILENCE * 20, "hello")
    await handset.said_all()
    handset.stop()

    assert utterance.began_ms is not None
    assert utterance.voice_ended_ms == utterance.began_ms + 240
    assert utterance.voice_ended_at is not None
    assert utterance.said_at is not None
    assert utterance.said_at >= utterance.voice_ended_at


async def test_the_wait_is_from_the_end_of_the_voice_to_the_first_frame_of_the_reply():
    handset, replies = Handset(Clock(50)), []
    handset.on_reply = replies.append
    handset.start()
    utterance = handset.say(tone(100))
    await handset.said_all()
    assert utterance.wait_s is None
    handset.hear(tone(20))
    first = utterance.reply_at
    handset.hear(tone(20))
    handset.stop()

    assert replies == [utterance]
    assert utterance.reply_at == first
    assert utterance.wait_s is not None
    assert utterance.wait_s >= 0


async def test_audio_that_goes_on_playing_is_no_reply():
    handset = Handset(Clock(50))
    handset.start()
    handset.hear(tone(60_000))
    utterance = handset.say(tone(100))
    await handset.said_all()
    handset.hear(tone(20))
    handset.stop()

    assert utterance.reply_at is None


async def test_giving_way_is_measured_from_the_start_of_the_voice_and_nothing_may_follow_it():
    handset = Handset(Clock(50))
    handset.start()
    handset.hear(tone(60_000))
    utterance = handset.say(tone(5000))
    while utterance.began_at is None:
        await handset.clock.sleep(20)

    handset.clear()
    handset.hear(tone(40))
    await handset.said_all()
    handset.stop()

    assert utterance.barge_in_s is not None
    assert utterance.barge_in_s >= 0
    assert utterance.unasked_bytes == 320
