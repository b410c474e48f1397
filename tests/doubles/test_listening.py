"""The ears of the Deepgram double keep their times to the millisecond, on a clock that jumps."""

import asyncio
from itertools import cycle

from tests.clock import on_virtual_clock
from tests.doubles.audio import frames, silence, voice
from tests.doubles.elevenlabs import TONE
from tests.doubles.listening import Ears, Listener, Silences, Word, is_voiced


class Diary(Listener):
    """Notes what happened when, in milliseconds from its beginning."""

    def __init__(self) -> None:
        self.began = asyncio.get_running_loop().time()
        self.entries: list[tuple[int, str, str]] = []

    def note(self, what: str, words: list[Word]) -> None:
        at = round((asyncio.get_running_loop().time() - self.began) * 1000)
        self.entries.append((at, what, " ".join(word.text for word in words)))

    def voice_began(self, at_ms: int, words: list[Word]) -> None:
        self.note(f"began at {at_ms}", words)

    def voice_goes_on(self, words: list[Word]) -> None:
        self.note("on", words)

    def voice_paused(self, words: list[Word]) -> None:
        self.note("paused", words)

    def turn_maybe_over(self, words: list[Word]) -> None:
        self.note("maybe", words)

    def voice_came_back(self, words: list[Word]) -> None:
        self.note("back", words)

    def turn_over(self, words: list[Word]) -> None:
        self.note("over", words)

    def long_silence(self, words: list[Word]) -> None:
        self.note("silence", words)


async def listened(audio: bytes, *, by_clock: bool) -> list[tuple[int, str, str]]:
    """The diary of audio that arrives as a caller speaks it; afterwards nothing arrives for two seconds."""
    diary = Diary()
    ears = Ears(cycle(["one two three", "four"]), diary, Silences(), by_clock)
    for frame in frames(audio):
        ears.receive(frame)
        await asyncio.sleep(0.02)
    await asyncio.sleep(2)
    ears.stop()
    return diary.entries


@on_virtual_clock
async def test_by_the_clock_everything_comes_so_long_after_the_last_voiced_frame_was_received():
    entries = await listened(silence(100) + voice(900) + silence(200) + voice(40), by_clock=True)

    assert entries == [
        (100, "began at 100", "one"),
        (380, "on", "one two"),
        (680, "on", "one two three"),
        (980, "on", "one two three"),
        (1040, "paused", "one two three"),
        (1080, "maybe", "one two three"),
        (1200, "back", "one two three"),
        (1280, "paused", "one two three four"),
        (1320, "maybe", "one two three four"),
        (1520, "over", "one two three four"),
        (2220, "silence", "one two three four"),
    ]


@on_virtual_clock
async def test_by_the_audio_silence_must_be_heard_to_count():
    audio = silence(100) + voice(900) + silence(200) + voice(40)
    entries = await listened(audio, by_clock=False)
    complete = await listened(audio + silence(320), by_clock=False)

    assert [what for _, what, _ in entries] == ["began at 100", "on", "on", "on", "paused", "maybe", "back"]
    assert [what for _, what, _ in complete][-3:] == ["paused", "maybe", "over"]


@on_virtual_clock
async def test_audio_in_large_messages_is_heard_the_same():
    diary = Diary()
    Ears(cycle(["one two three"]), diary, Silences(), by_clock=False).receive(voice(900) + silence(320))

    assert [what for _, what, _ in diary.entries] == ["began at 0", "on", "on", "on", "paused", "maybe", "over"]


def test_the_double_s_own_voice_is_not_voice_to_its_ears_and_never_silence():
    assert is_voiced(voice(20))
    assert not is_voiced(silence(20))
    assert not is_voiced(TONE * 20)
    assert 0xFF not in TONE
    assert 0x7F not in TONE
