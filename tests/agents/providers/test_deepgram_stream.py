"""The stream under both kinds of Deepgram: how it opens, carries audio, stays alive, and is let go."""

import asyncio

import pytest

from agents.providers import stt
from agents.providers.ports import Endpoint, Hearing, Interim, ProviderError, SpeechStarted
from agents.providers.stt import deepgram
from agents.providers.stt.backlog import Backlog
from tests.agents.providers.failing import until_failure
from tests.doubles import Close, Cut, Mute, Refuse, Stall
from tests.doubles.audio import frames, silence, voice
from tests.doubles.deepgram import results
from tests.doubles.listening import Word

NOVA = Hearing(model="nova-3")
FLUX = Hearing(model="flux-general-en")


async def received(stream, size):
    """Wait until the double has the audio."""
    while len(stream.audio) < size:
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (401, "401", False),
        (402, "quota", False),
        (403, "403", False),
        (400, "400", False),
        (429, "429", True),
        (503, "503", True),
    ],
)
async def test_a_refused_handshake_says_why_and_whether_to_try_again(doubles, status, code, retryable):
    doubles.deepgram.faults.next(Refuse(status, headers={"dg-error": "SOME_REASON"}))

    with pytest.raises(ProviderError) as refusal:
        await stt("deepgram", NOVA, doubles.endpoint()).open()

    assert (refusal.value.code, refusal.value.retryable) == (code, retryable)
    assert "SOME_REASON" in str(refusal.value)


async def test_a_reason_in_the_body_is_as_good_as_one_in_the_headers(doubles):
    doubles.deepgram.faults.next(Refuse(403, body='{"err_code": "NOT_ALLOWED", "err_msg": "no"}'))

    with pytest.raises(ProviderError, match="NOT_ALLOWED"):
        await stt("deepgram", NOVA, doubles.endpoint()).open()


async def test_a_server_that_is_not_there_is_worth_another_try(unused_tcp_port):
    with pytest.raises(ProviderError) as error:
        await stt("deepgram", NOVA, Endpoint("key", f"http://127.0.0.1:{unused_tcp_port}")).open()

    assert (error.value.code, error.value.retryable) == ("connection", True)


async def test_a_server_that_hangs_up_at_once_is_worth_another_try():
    server = await asyncio.start_server(lambda _, writer: writer.transport.abort(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    with pytest.raises(ProviderError) as error:
        await stt("deepgram", NOVA, Endpoint("key", f"http://127.0.0.1:{port}")).open()
    server.close()

    assert (error.value.code, error.value.retryable) == ("connection", True)


async def test_a_server_that_never_answers_is_given_up(doubles, monkeypatch):
    monkeypatch.setattr("agents.providers.sockets.OPEN_S", 0.05)
    doubles.deepgram.faults.next(Mute())

    with pytest.raises(ProviderError) as error:
        await stt("deepgram", NOVA, doubles.endpoint()).open()

    assert (error.value.code, error.value.retryable) == ("connect_timeout", True)


async def test_opening_can_be_cancelled(doubles):
    doubles.deepgram.faults.next(Mute())
    opening = asyncio.create_task(stt("deepgram", NOVA, doubles.endpoint()).open())
    while not doubles.connections:
        await asyncio.sleep(0)

    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    while doubles.connections:
        await asyncio.sleep(0)


async def test_two_streams_at_a_time_keep_apart(doubles):
    first, second = stt("deepgram", NOVA, doubles.endpoint("one")), stt("deepgram", FLUX, doubles.endpoint("two"))
    await asyncio.gather(first.open(), second.open())
    first.feed(b"\x01" * 160)
    second.feed(b"\x02" * 160)
    for stream in doubles.deepgram.streams:
        await received(stream, 160)
    await asyncio.gather(first.close(), second.close())

    audio_of = {stream.headers["authorization"]: bytes(stream.audio) for stream in doubles.deepgram.streams}
    assert audio_of == {"Token one": b"\x01" * 160, "Token two": b"\x02" * 160}


async def test_audio_fed_before_the_stream_is_open_is_sent_in_messages_the_vendor_takes(doubles):
    ears = stt("deepgram", NOVA, doubles.endpoint())
    audio = b"".join(bytes([number]) * 160 for number in range(150))
    for frame in frames(audio):
        ears.feed(frame)
    await ears.open()
    (stream,) = doubles.deepgram.streams
    await received(stream, len(audio))
    await ears.close()

    assert bytes(stream.audio) == audio
    assert doubles.deepgram.frames == -(-len(audio) // 1920)


async def test_at_most_three_seconds_wait_and_the_oldest_are_dropped_and_counted(doubles):
    doubles.deepgram.says(results([Word("hello", 0, 400)], 0, 500))
    ears = stt("deepgram", NOVA, doubles.endpoint())
    for frame in frames(silence(1000) + voice(3000)):
        ears.feed(frame)
    await ears.open()
    (stream,) = doubles.deepgram.streams
    await received(stream, 24_000)
    events = ears.events()

    assert bytes(stream.audio) == voice(3000)
    assert ears.dropped_ms == 1000
    assert await anext(events) == SpeechStarted(1000, "hello"), "positions count what was fed, not what was sent"
    assert await anext(events) == Interim("hello", 1000, 1400)
    await ears.close()


async def test_a_vendor_that_stops_reading_costs_three_seconds_of_memory_and_no_more(doubles):
    ears = stt("deepgram", NOVA, doubles.endpoint())
    await ears.open()
    (stream,) = doubles.deepgram.streams
    stream.socket.transport.pause_reading()
    fed = 0
    while not ears.dropped_ms:
        ears.feed(silence(250))
        fed += 2_000
    stream.socket.transport.resume_reading()
    for _ in range(100):
        ears.feed(voice(20))
        fed += 160
        for _ in range(10):
            await asyncio.sleep(0)
    await received(stream, fed - 8 * ears.dropped_ms)
    await ears.close()

    assert bytes(stream.audio).endswith(voice(2_000))
    assert len(stream.audio) == fed - 8 * ears.dropped_ms


async def test_an_empty_frame_is_not_sent_because_it_would_end_the_stream(doubles):
    ears = stt("deepgram", NOVA, doubles.endpoint())
    await ears.open()
    ears.feed(b"")
    ears.feed(silence(20))
    (stream,) = doubles.deepgram.streams
    await received(stream, 160)
    await ears.close()

    assert doubles.deepgram.frames == 1


async def test_nova_is_told_that_the_call_goes_on_while_no_audio_comes(doubles, monkeypatch):
    monkeypatch.setattr(deepgram, "KEEP_ALIVE_S", 0.01)
    ears = stt("deepgram", NOVA, doubles.endpoint())
    await ears.open()
    (stream,) = doubles.deepgram.streams
    await stream.heard_text.wait()
    await ears.close()

    assert stream.texts[0] == {"type": "KeepAlive"}
    assert bytes(stream.audio) == silence(20), "a stream without any audio at all is closed in spite of KeepAlive"


async def test_flux_knows_no_keep_alive_and_gets_silence_that_moves_no_position(doubles, monkeypatch):
    monkeypatch.setattr(deepgram, "KEEP_ALIVE_S", 0.01)
    doubles.deepgram.hears("hello")
    ears = stt("deepgram", FLUX, doubles.endpoint())
    await ears.open()
    (stream,) = doubles.deepgram.streams
    await received(stream, 800)
    monkeypatch.setattr(deepgram, "KEEP_ALIVE_S", 100)
    for frame in frames(silence(100) + voice(200)):
        ears.feed(frame)
    started = await anext(ears.events())
    await ears.close()

    assert not [text for text in stream.texts if text["type"] == "KeepAlive"]
    assert started == SpeechStarted(100, "hello")


@pytest.mark.parametrize(
    ("fault", "code", "retryable"),
    [
        (Cut(after=1), "connection_lost", True),
        (Close(1011, "NET-0001", after=1), "NET-0001", True),
        (Close(1008, "DATA-0000", after=1), "DATA-0000", False),
        (Close(1000, after=1), "1000", True),
    ],
)
async def test_a_lost_stream_is_an_error_after_what_was_heard(doubles, fault, code, retryable):
    doubles.deepgram.says(results([Word("hello", 0, 400)], 0, 500))
    doubles.deepgram.faults.next(fault)
    ears = stt("deepgram", NOVA, doubles.endpoint())
    await ears.open()
    ears.feed(silence(20))
    events, lost = await until_failure(ears.events())
    ears.feed(silence(20))
    await ears.close()

    assert (lost.code, lost.retryable) == (code, retryable)
    assert events == [SpeechStarted(0, "hello"), Interim("hello", 0, 400)] or isinstance(fault, Cut)


async def test_a_message_of_ten_megabytes_ends_the_stream(doubles):
    doubles.deepgram.says({"type": "Results", "padding": "x" * 10_000_000})
    ears = stt("deepgram", NOVA, doubles.endpoint())
    await ears.open()
    ears.feed(silence(20))

    with pytest.raises(ProviderError):
        await anext(ears.events())
    await ears.close()


async def test_events_end_quietly_when_we_close(doubles):
    ears = stt("deepgram", NOVA, doubles.endpoint())
    await ears.open()
    listening = asyncio.create_task(_all(ears.events()))
    await asyncio.sleep(0)

    await ears.close()
    await ears.close()

    assert await listening == []
    (stream,) = doubles.deepgram.streams
    await stream.gone.wait()
    assert stream.texts == [{"type": "CloseStream"}]


async def test_a_peer_that_ignores_the_close_is_left(doubles, monkeypatch):
    monkeypatch.setattr("agents.providers.sockets.CLOSE_S", 0.05)
    doubles.deepgram.faults.next(Stall())
    ears = stt("deepgram", NOVA, doubles.endpoint())
    await ears.open()

    await ears.close()

    (stream,) = doubles.deepgram.streams
    await stream.gone.wait()


async def test_listening_can_be_cancelled(doubles):
    ears = stt("deepgram", NOVA, doubles.endpoint())
    await ears.open()
    listening = asyncio.create_task(_all(ears.events()))
    await asyncio.sleep(0)

    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
    await ears.close()


def test_a_backlog_follows_the_clock_over_gaps_and_fillings():
    backlog = Backlog()
    backlog.put(b"a" * 8_000)
    while backlog:
        backlog.take()
    backlog.add_silence(1_600)
    for _ in range(40):
        backlog.put(b"b" * 800)
    while backlog:
        backlog.take()

    assert backlog.dropped == 8_000
    assert backlog.position_ms(0.5) == 500
    assert backlog.position_ms(1.2) == 2_000, "200 ms were put in, 1,000 ms were dropped"
    assert backlog.position_ms(4.2) == 5_000


def test_a_piece_larger_than_the_backlog_keeps_its_end():
    backlog = Backlog()
    backlog.put(b"a" * 100 + b"b" * 24_000)
    taken = b""
    while backlog:
        taken += backlog.take()

    assert taken == b"b" * 24_000
    assert backlog.dropped == 100


async def _all(events):
    return [event async for event in events]
