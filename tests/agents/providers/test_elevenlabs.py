"""The voice against a local server that speaks ElevenLabs' protocol."""

import asyncio
import base64
from contextlib import aclosing

import pytest

from agents.providers import tts
from agents.providers.ports import Endpoint, ProviderError, Speech, Voice, WordTiming
from agents.providers.tts import elevenlabs, elevenlabs_socket
from tests.agents.providers.failing import until_failure
from tests.doubles import Close, Cut, Mute, Refuse, Stall
from tests.doubles.elevenlabs import TONE

RACHEL = Voice(model="eleven_flash_v2_5", voice="21m00Tcm4TlvDq8ikWAM")


@pytest.fixture
async def voice(doubles):
    speaker = tts("elevenlabs", RACHEL, doubles.endpoint("secret"))
    await speaker.open()
    yield speaker
    await speaker.close()


async def spoken(speaker, piece: str) -> list[Speech]:
    return [part async for part in speaker.speak(piece)]


async def failure_of(speaker, piece: str = "Hello.") -> ProviderError:
    with pytest.raises(ProviderError) as error:
        await spoken(speaker, piece)
    return error.value


async def contexts_end(doubles):
    """Wait until the server has nothing left to say."""
    while doubles.elevenlabs.contexts_open:
        await asyncio.sleep(0)


async def test_a_piece_is_its_audio_and_its_words(doubles, voice):
    parts = await spoken(voice, "Hi there.")

    assert b"".join(part.audio for part in parts) == TONE * 60 * len("Hi there. ")
    assert [word for part in parts for word in part.words] == [
        WordTiming("Hi", 0, 120),
        WordTiming("there.", 180, 540),
    ]
    assert all(part.audio for part in parts)


async def test_the_socket_asks_for_phone_audio_with_times(doubles, voice):
    (socket,) = doubles.elevenlabs.sockets

    assert socket.path == "/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM/multi-stream-input"
    assert socket.headers["xi-api-key"] == "secret"
    assert socket.query == {
        "model_id": ["eleven_flash_v2_5"],
        "output_format": ["ulaw_8000"],
        "sync_alignment": ["true"],
        "inactivity_timeout": ["180"],
        "language_code": ["en"],
    }


async def test_each_piece_is_a_context_that_is_closed_at_once(doubles, voice):
    await spoken(voice, "Hello.")
    await spoken(voice, "Goodbye. ")

    (socket,) = doubles.elevenlabs.sockets
    assert socket.messages == [
        {"text": " ", "context_id": "p1"},
        {"text": "Hello. ", "context_id": "p1", "flush": True},
        {"context_id": "p1", "close_context": True},
        {"text": " ", "context_id": "p2"},
        {"text": "Goodbye. ", "context_id": "p2", "flush": True},
        {"context_id": "p2", "close_context": True},
    ]


async def test_settings_go_with_each_piece_and_the_rest_into_the_query(doubles):
    options = {"stability": 0.4, "speed": 1.1, "style": None, "apply_text_normalization": "on"}
    speaker = tts("elevenlabs", Voice("eleven_multilingual_v2", "abc", options=options), doubles.endpoint())
    await spoken(speaker, "Hello.")
    await speaker.close()

    (socket,) = doubles.elevenlabs.sockets
    assert socket.contexts[0].settings == {"stability": 0.4, "speed": 1.1}
    assert socket.query["apply_text_normalization"] == ["on"]
    assert "language_code" not in socket.query, "this model does not take it"


@pytest.mark.parametrize(
    "wrong", [Voice("m", "../../v1/user"), Voice("m", ""), Voice("m", "abc", options={"enable_ssml_parsing": True})]
)
async def test_what_could_change_the_address_or_the_text_is_refused(doubles, wrong):
    with pytest.raises(ProviderError) as refusal:
        await tts("elevenlabs", wrong, doubles.endpoint()).open()

    assert not refusal.value.retryable
    assert not doubles.elevenlabs.sockets


async def test_pieces_spoken_at_a_time_do_not_mix(doubles, voice):
    alignment = {"chars": ["a"], "charStartTimesMs": [0], "charsDurationsMs": [9]}
    doubles.elevenlabs.says({"audio": base64.b64encode(b"x").decode(), "alignment": alignment, "contextId": "nobody"})
    assert await spoken(voice, "Lost.") == []
    doubles.elevenlabs.scripted = None

    first, second = await asyncio.gather(spoken(voice, "One."), spoken(voice, "Twenty-two."))

    assert [word.word for part in first for word in part.words] == ["One."]
    assert [word.word for part in second for word in part.words] == ["Twenty-two."]
    assert sum(len(part.audio) for part in first) == 8 * 60 * len("One. ")


async def test_words_are_told_when_they_are_whole_also_across_chunks(doubles, voice):
    def part(ms: int, chars: str, starts: list[int], spelling: str = "charDurationsMs"):
        alignment = {"chars": list(chars), "charStartTimesMs": starts, spelling: [50] * len(chars)}
        return {"audio": base64.b64encode(TONE * ms).decode(), "isFinal": None, "alignment": alignment}

    doubles.elevenlabs.says(
        part(200, "Good mor", [0, 20, 40, 60, 80, 100, 120, 140]),
        {"audio": base64.b64encode(TONE * 100).decode(), "alignment": None},
        part(200, "ning", [0, 50, 100, 150], "charsDurationsMs"),
    )

    parts = await spoken(voice, "Good morning")

    assert [part.words for part in parts] == [
        (WordTiming("Good", 0, 110),),
        (),
        (WordTiming("morning", 100, 500),),
    ]


async def test_a_last_word_that_the_vendor_never_completes_comes_at_the_end(doubles, voice):
    alignment = {"chars": ["H", "i"], "charStartTimesMs": [0, 50], "charDurationsMs": [50, 50]}
    doubles.elevenlabs.says({"audio": base64.b64encode(TONE * 100).decode(), "alignment": alignment})

    parts = await spoken(voice, "Hiya")

    assert parts == [Speech(TONE * 100), Speech(b"", (WordTiming("Hi", 0, 100),))]


async def test_a_piece_of_nothing_is_nothing(doubles, voice):
    assert await spoken(voice, "  ") == []
    assert doubles.elevenlabs.contexts == 0


async def test_closing_the_generator_drops_the_rest_and_the_next_piece_is_clean(doubles, voice):
    doubles.elevenlabs.tempo.first_audio_ms = doubles.elevenlabs.tempo.rate = 0.001
    async with aclosing(voice.speak("This would take a minute to say.")) as piece:
        await anext(piece)
    doubles.elevenlabs.tempo.first_audio_ms = doubles.elevenlabs.tempo.rate = 0

    parts = await spoken(voice, "Hello.")

    assert sum(len(part.audio) for part in parts) == 8 * 60 * len("Hello. ")
    (socket,) = doubles.elevenlabs.sockets
    assert [context.closing for context in socket.contexts] == [True, True]


async def test_no_sixth_context_is_opened_before_one_of_the_five_is_over(doubles, voice):
    doubles.elevenlabs.tempo.first_audio_ms = 5
    pieces = await asyncio.gather(*(spoken(voice, f"Piece {number}.") for number in range(12)))

    words = [[word.word for part in parts for word in part.words] for parts in pieces]
    assert words == [["Piece", f"{number}."] for number in range(12)]
    assert doubles.elevenlabs.opened == 1


async def test_fifty_interruptions_leave_no_context_open(doubles, voice):
    doubles.elevenlabs.tempo.chunk_ms = 20
    for number in range(50):
        async with aclosing(voice.speak(f"Interrupted {number}.")) as piece:
            await anext(piece)
    await contexts_end(doubles)

    assert doubles.elevenlabs.opened == 1
    assert doubles.elevenlabs.contexts == 50
    assert await spoken(voice, "Still here.")


async def test_a_server_that_never_ends_a_context_costs_one_failure_and_then_a_new_socket(doubles, voice, monkeypatch):
    monkeypatch.setattr(elevenlabs_socket, "PATIENCE_FOR_CONTEXT_S", 0.01)
    doubles.elevenlabs.never_final = True
    for _ in range(5):
        async with aclosing(voice.speak("Hello.")) as piece:
            await anext(piece)
    doubles.elevenlabs.never_final = False

    failure = await failure_of(voice)

    assert (failure.code, failure.retryable) == ("contexts_busy", True)
    assert await spoken(voice, "Hello.")
    assert doubles.elevenlabs.opened == 2


async def test_a_socket_that_stayed_mute_is_not_asked_again(doubles, monkeypatch):
    monkeypatch.setattr(elevenlabs_socket, "SUSPICIOUS_SILENCE_S", 0)
    doubles.elevenlabs.faults.next(Stall())
    speaker = tts("elevenlabs", RACHEL, doubles.endpoint())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(spoken(speaker, "Hello."), 0.05)

    assert await spoken(speaker, "Hello.")
    assert doubles.elevenlabs.opened == 2
    await speaker.close()


async def test_a_socket_that_is_gone_is_replaced_when_a_piece_is_asked_for(doubles, voice):
    (socket,) = doubles.elevenlabs.sockets
    socket.socket.end(1008, "inactivity")
    await socket.gone.wait()

    assert await spoken(voice, "Hello.")
    assert doubles.elevenlabs.opened == 2


async def test_a_socket_that_was_idle_for_long_is_opened_again_before_the_next_piece(doubles, voice, monkeypatch):
    monkeypatch.setattr(elevenlabs, "SHORTEST_LIFE_S", 0)
    (socket,) = doubles.elevenlabs.sockets
    socket.socket.end(1008, "inactivity")
    while doubles.elevenlabs.opened < 2:
        await asyncio.sleep(0)
    monkeypatch.undo()

    assert await spoken(voice, "Hello.")
    assert doubles.elevenlabs.opened == 2


@pytest.mark.parametrize("fault", [Cut(after=2), Close(1011, "oops", after=2)])
async def test_a_socket_lost_in_the_middle_of_a_piece_is_an_error_after_its_audio(doubles, fault):
    doubles.elevenlabs.faults.next(fault)
    speaker = tts("elevenlabs", RACHEL, doubles.endpoint())
    parts, lost = await until_failure(speaker.speak("A piece of several chunks."))
    await speaker.close()

    assert [part.audio for part in parts] == [TONE * 150] * 2
    assert lost.retryable


@pytest.mark.parametrize(
    ("error", "code", "retryable"),
    [
        ("quota_exceeded", "quota", False),
        ("invalid_api_key", "invalid_api_key", False),
        ("voice_not_found", "voice_not_found", False),
        ("max_active_conversations", "max_active_conversations", True),
        ("system_busy", "system_busy", True),
    ],
)
async def test_an_error_message_is_the_failure_of_the_piece(doubles, voice, error, code, retryable):
    doubles.elevenlabs.fails_with(error)

    failure = await failure_of(voice)

    assert (failure.code, failure.retryable) == (code, retryable)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"audio": "%%%"},
        {"audio": "", "alignment": {"chars": [1], "charStartTimesMs": [0], "charDurationsMs": [0]}},
        {"audio": 7},
    ],
)
async def test_audio_that_cannot_be_read_fails_the_piece_and_not_the_socket(doubles, voice, nonsense):
    doubles.elevenlabs.says(nonsense)
    assert (await failure_of(voice)).code == "unreadable"
    doubles.elevenlabs.scripted = None

    assert await spoken(voice, "Hello.")
    assert doubles.elevenlabs.opened == 1


async def test_a_minute_of_audio_for_a_word_is_refused(doubles, voice):
    doubles.elevenlabs.says(*[{"audio": base64.b64encode(TONE * 20_000).decode(), "alignment": None}] * 3)

    assert (await failure_of(voice, "Hello")).code == "too_long"


@pytest.mark.parametrize(("status", "retryable"), [(401, False), (403, False), (429, True), (500, True)])
async def test_a_refused_handshake_says_whether_to_try_again(doubles, status, retryable):
    doubles.elevenlabs.faults.next(Refuse(status, body='{"detail": {"status": "some_reason"}}'))

    with pytest.raises(ProviderError, match="some_reason") as refusal:
        await tts("elevenlabs", RACHEL, doubles.endpoint()).open()

    assert (refusal.value.code, refusal.value.retryable) == (str(status), retryable)
    assert doubles.elevenlabs.opened == 0


async def test_a_server_that_is_not_there_is_worth_another_try(unused_tcp_port):
    failure = await failure_of(tts("elevenlabs", RACHEL, Endpoint("key", f"http://127.0.0.1:{unused_tcp_port}")))

    assert (failure.code, failure.retryable) == ("connection", True)


@pytest.mark.parametrize("status", [404, 405])
async def test_a_server_without_contexts_gets_a_socket_for_each_piece(doubles, status):
    doubles.elevenlabs.faults.next(Refuse(status))
    speaker = tts("elevenlabs", RACHEL, doubles.endpoint())
    await speaker.open()
    one = await spoken(speaker, "Hello.")
    two, three = await asyncio.gather(spoken(speaker, "You there?"), spoken(speaker, "Yes."))
    await speaker.close()

    assert [[word.word for part in parts for word in part.words] for parts in (one, two, three)] == [
        ["Hello."],
        ["You", "there?"],
        ["Yes."],
    ]
    used = doubles.elevenlabs.sockets[1:]
    assert [socket.path.rpartition("/")[2] for socket in used] == ["stream-input"] * 3
    assert used[0].messages == [{"text": " "}, {"text": "Hello. ", "flush": True}, {"text": ""}]


async def test_without_contexts_closing_the_generator_closes_its_socket(doubles):
    doubles.elevenlabs.faults.next(Refuse(404))
    doubles.elevenlabs.tempo.first_audio_ms = doubles.elevenlabs.tempo.rate = 0.001
    speaker = tts("elevenlabs", RACHEL, doubles.endpoint())
    async with aclosing(speaker.speak("This would take a minute to say.")) as piece:
        await anext(piece)
    (_, socket) = doubles.elevenlabs.sockets
    await socket.gone.wait()
    await speaker.close()

    assert doubles.elevenlabs.contexts_unheard == 1


async def test_closing_lets_go_of_a_peer_that_does_not(doubles, monkeypatch):
    monkeypatch.setattr("agents.providers.sockets.CLOSE_S", 0.05)
    doubles.elevenlabs.faults.next(Stall())
    speaker = tts("elevenlabs", RACHEL, doubles.endpoint())
    await speaker.open()
    listening = asyncio.create_task(spoken(speaker, "Hello."))
    while not doubles.elevenlabs.contexts:
        await asyncio.sleep(0)

    await speaker.close()
    await speaker.close()

    with pytest.raises(ProviderError):
        await listening
    assert (await failure_of(speaker)).code == "closed"
    await doubles.elevenlabs.sockets[0].gone.wait()


async def test_opening_is_bounded(doubles, monkeypatch):
    monkeypatch.setattr("agents.providers.sockets.OPEN_S", 0.05)
    doubles.elevenlabs.faults.next(Mute())

    with pytest.raises(ProviderError) as error:
        await tts("elevenlabs", RACHEL, doubles.endpoint()).open()

    assert error.value.code == "connect_timeout"
