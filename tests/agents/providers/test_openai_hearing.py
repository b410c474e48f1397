"""OpenAI as ears through the official SDK: turns told by loudness, words by a request or a live socket."""

import io
import wave
from collections.abc import AsyncIterator
from importlib import import_module

import pytest

from agents.providers import stt
from agents.providers.ports import (
    EagerEndOfTurn,
    EndOfTurn,
    Endpoint,
    Hearing,
    HearingEvent,
    Interim,
    ProviderError,
    SpeechStarted,
    TurnResumed,
)
from agents.providers.stt.openai_live import LiveReader
from tests.agents.providers.failing import until_failure
from tests.doubles import Close, Cut, Refuse, Stall
from tests.doubles.audio import frames, silence, voice

FILES = Hearing("gpt-transcribe", keyterms=("Juniper", "Dr. Adeyemi"), endpointing_ms=300, eager=False)
LIVE = Hearing("gpt-live-transcribe", "en-GB", keyterms=("Juniper",), endpointing_ms=300)


class Ears:
    """A recogniser that is fed as a carrier would, and whose events are read one at a time."""

    def __init__(self, hearing: Hearing, endpoint: Endpoint) -> None:
        self.stt = stt("openai", hearing, endpoint)
        self.events = aiter(self.stt.events())

    def hear(self, *sounds: bytes) -> None:
        for sound in sounds:
            for frame in frames(sound):
                self.stt.feed(frame)

    async def next(self) -> HearingEvent:
        return await anext(self.events)


@pytest.fixture
async def listening(doubles) -> AsyncIterator:
    made = []

    async def listen(hearing: Hearing) -> Ears:
        ears = Ears(hearing, doubles.endpoint("secret"))
        made.append(ears)
        await ears.stt.open()
        return ears

    yield listen
    for ears in made:
        await ears.stt.close()


async def test_a_stretch_of_voice_is_read_when_it_is_over(doubles, listening):
    doubles.openai_audio.hears("Are you open?")
    ears = await listening(FILES)

    ears.hear(silence(1000), voice(400), silence(600))

    assert await ears.next() == SpeechStarted(1000)
    assert await ears.next() == EndOfTurn("Are you open?", 1000, 1400)
    (file,) = doubles.openai_audio.files
    assert file.fields == {
        "model": ["gpt-transcribe"],
        "language": ["en"],
        "response_format": ["json"],
        "keywords[]": ["Juniper", "Dr. Adeyemi"],
    }
    with wave.open(io.BytesIO(file.sound)) as sound:
        assert (sound.getframerate(), sound.getsampwidth(), sound.getnchannels()) == (8000, 2, 1)
        assert 900 <= sound.getnframes() / 8 <= 1000, "the voice, what was before it, and the silence that ended it"


async def test_other_servers_are_told_the_words_to_expect_in_a_sentence(doubles, listening):
    ears = await listening(Hearing("Systran/faster-whisper-small", keyterms=("Juniper", "Mabry"), eager=False))

    ears.hear(silence(500), voice(300), silence(600))
    await ears.next()
    await ears.next()

    assert doubles.openai_audio.files[0].fields["prompt"] == ["Juniper, Mabry"]


@pytest.mark.parametrize(
    ("model", "told"),
    [("gpt-transcribe", {"languages[]": ["en", "es"]}), ("whisper-1", {"language": ["es"]})],
)
async def test_where_several_languages_may_be_spoken_a_model_that_takes_them_is_told_all(
    doubles, listening, model: str, told: dict[str, list[str]]
):
    ears = await listening(Hearing(model, "es-419", eager=False, several=("en-US", "es-419", "en-GB")))

    ears.hear(silence(500), voice(300), silence(600))
    await ears.next()
    await ears.next()

    fields = doubles.openai_audio.files[0].fields
    assert {name: fields[name] for name in fields if name.startswith("language")} == told


def test_a_live_stream_is_told_them_all_as_well():
    reader = LiveReader(Hearing("gpt-live-transcribe", "es", several=("en-US", "es")), Endpoint())

    heard = reader._session()["audio"]["input"]["transcription"]
    assert heard == {"model": "gpt-live-transcribe", "languages": ["en", "es"]}


async def test_a_long_turn_is_read_on_the_way_so_that_whoever_interrupts_is_seen_to_say_something(doubles, listening):
    doubles.openai_audio.hears("could you", "could you tell me")
    ears = await listening(FILES)

    ears.hear(silence(1000), voice(900))

    assert await ears.next() == SpeechStarted(1000)
    assert isinstance(interim := await ears.next(), Interim)
    assert (interim.text, interim.start_ms) == ("could you", 1000)


async def test_a_pause_is_read_ahead_and_the_reading_serves_for_the_end_of_the_turn(doubles, listening):
    doubles.openai_audio.hears("Are you open?")
    ears = await listening(Hearing("gpt-transcribe", endpointing_ms=400))

    ears.hear(silence(1000), voice(400), silence(240))
    assert await ears.next() == SpeechStarted(1000)
    assert await ears.next() == EagerEndOfTurn("Are you open?", 1000, 1400)
    ears.hear(silence(300))

    assert await ears.next() == EndOfTurn("Are you open?", 1000, 1400)
    assert len(doubles.openai_audio.files) == 1


async def test_a_caller_who_goes_on_after_a_pause_is_read_as_a_whole(doubles, listening):
    doubles.openai_audio.hears("Are you", "Are you open today?")
    ears = await listening(Hearing("gpt-transcribe", endpointing_ms=400))

    ears.hear(silence(1000), voice(400), silence(240))
    events = [await ears.next(), await ears.next()]
    ears.hear(voice(400), silence(500))
    events += [await ears.next(), await ears.next()]

    assert [type(event) for event in events] == [SpeechStarted, EagerEndOfTurn, TurnResumed, EndOfTurn]
    assert events[-1] == EndOfTurn("Are you open today?", 1000, 2040)


async def test_words_that_come_while_the_caller_speaks_again_belong_to_the_same_turn(doubles, listening):
    doubles.openai_audio.hears("Are you open", "on Sunday?")
    ears = await listening(FILES)

    ears.hear(silence(1000), voice(300), silence(400), voice(300), silence(400))

    assert await ears.next() == SpeechStarted(1000)
    end = await ears.next()
    assert end == EndOfTurn("Are you open on Sunday?", 1000, 2000)


@pytest.mark.parametrize(
    ("fault", "code", "retryable"),
    [
        (Refuse(401), "401", False),
        (Refuse(402), "quota", False),
        (Refuse(503), "503", True),
        (Cut(), "connection", True),
        (Stall(), "timeout", True),
    ],
)
async def test_a_stretch_that_cannot_be_read_loses_the_stream(doubles, listening, monkeypatch, fault, code, retryable):
    monkeypatch.setattr(import_module("agents.providers.stt.openai"), "READ_S", 0.1)
    doubles.openai_audio.transcription_faults.always = fault
    ears = await listening(FILES)

    ears.hear(silence(500), voice(300), silence(600))
    await ears.next()

    with pytest.raises(ProviderError) as failure:
        await ears.next()
    assert (failure.value.code, failure.value.retryable) == (code, retryable)


async def test_an_answer_that_cannot_be_read_is_a_failure(doubles, listening):
    doubles.openai_audio.raw = "[7]"
    ears = await listening(FILES)
    ears.hear(silence(500), voice(300), silence(600))
    await ears.next()

    with pytest.raises(ProviderError) as failure:
        await ears.next()
    assert failure.value.code == "unreadable"


@pytest.mark.parametrize(("fault", "opens"), [(Refuse(404), True), (Refuse(401), False), (Refuse(500), True)])
async def test_a_server_without_a_list_of_models_is_as_good_as_another_but_a_wrong_key_is_told(doubles, fault, opens):
    doubles.openai.model_faults.always = fault
    ears = stt("openai", FILES, doubles.endpoint())

    if opens:
        await ears.open()
    else:
        with pytest.raises(ProviderError):
            await ears.open()
    await ears.close()


# Live -----------------------------------------------------------------------------------------------------


async def test_live_words_come_with_the_voice_and_the_turn_s_end_is_told_by_us(doubles, listening):
    doubles.openai_audio.hears("Are you open?")
    ears = await listening(LIVE)

    ears.hear(silence(1000), voice(400), silence(600))

    assert await ears.next() == SpeechStarted(1000)
    assert await ears.next() == Interim("Are", 1000, 1400)
    assert await ears.next() == Interim("Are you open?", 1000, 1400)
    assert await ears.next() == EndOfTurn("Are you open?", 1000, 1400)
    (session,) = doubles.openai_audio.sessions
    assert session.query == {"intent": ["transcription"]}
    assert session.headers["authorization"] == "Bearer secret"
    assert session.config == {
        "type": "transcription",
        "audio": {
            "input": {
                "format": {"type": "audio/pcmu"},
                "transcription": {"model": "gpt-live-transcribe", "language": "en", "keywords": ["Juniper"]},
                "turn_detection": None,
            }
        },
    }
    assert 900 <= len(session.sounds[0]) / 8 <= 1000, "silence is not sent, but for what was just before the voice"


@pytest.mark.parametrize(
    ("fault", "raw", "code"),
    [
        (Cut(after=3), None, "connection_lost"),
        (Close(1011, "internal", after=3), None, "internal"),
        (None, "<html>", "unreadable"),
        (None, '{"type": "error", "error": {"type": "server_error", "code": null}}', "server_error"),
        (None, '{"type": "error", "error": {"type": "x", "code": "insufficient_quota"}}', "quota"),
    ],
)
async def test_a_live_stream_that_is_lost_says_so(doubles, listening, fault, raw, code):
    doubles.openai_audio.live_faults.next(fault)
    doubles.openai_audio.raw = raw
    ears = await listening(LIVE)
    ears.hear(silence(500), voice(300), silence(600))
    await ears.next()

    _, failure = await until_failure(ears.events)

    assert failure.code == code


async def test_a_refused_live_stream_cannot_be_opened(doubles):
    doubles.openai_audio.live_faults.next(Refuse(401))
    ears = stt("openai", LIVE, doubles.endpoint())

    with pytest.raises(ProviderError) as failure:
        await ears.open()
    await ears.close()

    assert (failure.value.code, failure.value.retryable) == ("401", False)
