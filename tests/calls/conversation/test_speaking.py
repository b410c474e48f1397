"""Speech on the line: what is sent when, what marks prove, what a clear takes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agents.providers.ports import ProviderError
from calls.conversation.playback import Playback
from calls.conversation.speaking import MOST_AHEAD_S, AudioSpeaker, AudioUtterance
from tests.clock import on_virtual_clock
from tests.fakes import PlayedLine, SpokenText


@asynccontextmanager
async def speaking(voice: SpokenText | None = None) -> AsyncIterator[tuple[AudioUtterance, PlayedLine]]:
    line = PlayedLine()
    async with asyncio.TaskGroup() as group:
        speaker = AudioSpeaker(
            voice or SpokenText(), Playback(line, asyncio.get_running_loop().time), group.create_task
        )
        line.on_mark = speaker.mark_reached
        utterance = speaker.begin()
        yield utterance, line
        utterance.cancel()


@on_virtual_clock
async def test_nothing_is_sent_before_the_release_though_the_first_piece_is_ready():
    async with speaking() as (utterance, line):
        utterance.say("One two.")
        utterance.say("Three four.")
        await asyncio.sleep(1.0)
        assert line.sent == []
        assert len(utterance.pieces[1].audio) == 0

        utterance.release()
        assert line.kinds()[0] == "audio"


@on_virtual_clock
async def test_words_count_as_heard_only_when_their_mark_came_back():
    async with speaking() as (utterance, _):
        utterance.say("Monday at nine or ten.")
        utterance.release()
        await asyncio.sleep(0.1 + 0.01 + (7 + 3) * 0.06 + 0.05)
        assert utterance.heard_text == "Monday at"
        assert utterance.unheard_text == "nine or ten."


@on_virtual_clock
async def test_marks_that_return_because_of_a_clear_prove_nothing():
    async with speaking() as (utterance, line):
        utterance.say("Monday at nine or ten.")
        utterance.release()
        await asyncio.sleep(0.5)
        heard = utterance.heard_text
        utterance.cancel()
        await asyncio.sleep(1.0)
        assert utterance.heard_text == heard
        assert line.kinds()[-1] == "clear"


@on_virtual_clock
async def test_a_held_utterance_goes_on_at_the_first_unheard_word():
    async with speaking() as (utterance, line):
        finished = []
        utterance.on_finished = lambda: finished.append(True)
        utterance.say("Monday at nine or ten.")
        utterance.close()
        utterance.release()
        await asyncio.sleep(0.75)
        utterance.hold()
        assert utterance.heard_text == "Monday at"
        sent = len(line.sent)
        await asyncio.sleep(1.0)
        assert len(line.sent) == sent

        utterance.release()
        audio = [data for _, kind, data in line.sent[sent:] if kind == "audio"]
        assert audio[0][0] == 3  # the fake voice numbers its words: "nine" is the third
        await asyncio.sleep(3.0)
        assert finished == [True]
        assert utterance.heard_text == "Monday at nine or ten."


@on_virtual_clock
async def test_never_more_than_a_few_seconds_are_ahead_of_the_caller():
    async with speaking() as (utterance, line):
        utterance.say(" ".join(["word"] * 60))
        utterance.release()
        ahead = 0.0
        for _ in range(150):
            await asyncio.sleep(0.1)
            ahead = max(ahead, line._dry_at - asyncio.get_running_loop().time())
        assert 2.0 < ahead <= MOST_AHEAD_S + 0.5
        assert line.longest_silence_s(line.sent[0][0], asyncio.get_running_loop().time()) < 0.001


@on_virtual_clock
async def test_without_alignment_the_heard_part_is_estimated_and_says_so():
    async with speaking(SpokenText(aligned=False)) as (utterance, _):
        utterance.say("One two three four five six seven eight nine ten.")
        utterance.release()
        await asyncio.sleep(1.7)
        assert not utterance.exact
        assert utterance.heard_text.startswith("One two three")
        assert "ten" in utterance.unheard_text


@on_virtual_clock
async def test_a_piece_that_never_began_is_tried_again_once():
    voice = SpokenText()
    voice.failures = [ProviderError("voice", "refused")]
    async with speaking(voice) as (utterance, _):
        troubles = []
        utterance.on_trouble = lambda error, goes_on: troubles.append(goes_on)
        utterance.say("One two.")
        utterance.close()
        utterance.release()
        await asyncio.sleep(2.0)
        assert troubles == [True]
        assert utterance.heard_text == "One two."


@on_virtual_clock
async def test_a_piece_that_fails_twice_is_reported_as_the_end():
    voice = SpokenText()
    voice.failures = [ProviderError("voice", "refused"), ProviderError("voice", "refused")]
    async with speaking(voice) as (utterance, _):
        troubles = []
        utterance.on_trouble = lambda error, goes_on: troubles.append(goes_on)
        utterance.say("One two.")
        utterance.release()
        await asyncio.sleep(2.0)
        assert troubles == [True, False]


@on_virtual_clock
async def test_cancelling_stops_the_synthesis_of_every_piece():
    voice = SpokenText(first_s=1.0)
    async with speaking(voice) as (utterance, line):
        utterance.say("One.")
        utterance.say("Two.")
        utterance.release()
        await asyncio.sleep(0.5)
        utterance.cancel()
        await asyncio.sleep(0.01)
        assert sorted(voice.closed_early) == ["One.", "Two."]
        assert line.sent == []
