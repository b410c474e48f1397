"""Aura over its socket, against a local server that speaks Deepgram's protocol."""

import asyncio
from contextlib import aclosing
from importlib import import_module

import pytest

from agents.providers import tts
from agents.providers.ports import ProviderError, Voice
from tests.doubles import Close, Cut, Refuse, Stall
from tests.doubles.elevenlabs import MS_PER_CHARACTER, TONE

THALIA = Voice("aura-2", "thalia", options={"speed": 1.1, "mip_opt_out": True})


@pytest.fixture
async def aura(doubles):
    voice = tts("deepgram", THALIA, doubles.endpoint("secret"))
    yield voice
    await voice.close()


async def sound_of(voice, piece: str) -> bytes:
    async with aclosing(voice.speak(piece)) as sounds:
        return b"".join([speech.audio async for speech in sounds])


async def failure_of(voice, piece: str = "Hello.") -> ProviderError:
    with pytest.raises(ProviderError) as failure:
        await sound_of(voice, piece)
    return failure.value


def whole(piece: str) -> bytes:
    return TONE * (MS_PER_CHARACTER * len(piece))


async def test_a_piece_is_spoken_as_telephone_sound_and_nothing_waits_for_more_text(doubles, aura):
    assert await sound_of(aura, "We open at nine. ") == whole("We open at nine.")

    (socket,) = doubles.aura.sockets
    assert socket.headers["authorization"] == "Token secret"
    assert {name: value for name, (value,) in socket.query.items()} == {
        "model": "aura-2-thalia-en",
        "encoding": "mulaw",
        "sample_rate": "8000",
        "speed": "1.1",
        "mip_opt_out": "true",
    }
    assert await sound_of(aura, " ") == b""


async def test_pieces_at_the_same_time_get_their_own_sound_and_sockets_are_used_again(doubles, aura):
    await aura.open()
    pieces = ["One.", "Two, three.", "Four."]
    for _ in range(2):
        assert await asyncio.gather(*(sound_of(aura, piece) for piece in pieces[:2])) == [whole(p) for p in pieces[:2]]
    assert await sound_of(aura, pieces[2]) == whole(pieces[2])

    assert doubles.aura.opened == 2


async def test_a_piece_that_nobody_wants_is_cleared_and_its_rest_is_not_heard_in_the_next(doubles, aura):
    doubles.aura.tempo.rate = 1.0
    async with aclosing(aura.speak("This is far too long to be heard to its end.")) as sounds:
        await anext(sounds)
    doubles.aura.tempo.rate = 0
    while doubles.aura.sockets[0].clears == 0:
        await asyncio.sleep(0)

    assert await sound_of(aura, "Yes?") == whole("Yes?")
    assert doubles.aura.cleared == 1


async def test_a_vendor_that_does_not_clear_is_left(doubles, aura, monkeypatch):
    monkeypatch.setattr(import_module("agents.providers.tts.deepgram_speaking"), "CLEARED_WITHIN_S", 0.01)
    doubles.aura.faults.next(Stall(after=2))
    doubles.aura.tempo.rate = 1.0
    async with aclosing(aura.speak("This is far too long to be heard to its end.")) as sounds:
        await anext(sounds)

    await doubles.aura.sockets[0].gone.wait()


@pytest.mark.parametrize(
    ("fault", "code", "retryable"),
    [
        (Refuse(401, {"dg-error": "INVALID_AUTH"}), "401", False),
        (Refuse(402), "quota", False),
        (Refuse(429), "429", True),
        (Refuse(503), "503", True),
        (Cut(after=2), "connection_lost", True),
        (Close(1011, "NET-0001 idle", after=2), "NET-0001", True),
        (Close(1008, "DATA-0001 too much", after=2), "DATA-0001", False),
    ],
)
async def test_a_failure_says_whether_to_try_again(doubles, aura, fault, code, retryable):
    doubles.aura.tempo.rate = 20.0
    doubles.aura.faults.next(fault)

    failure = await failure_of(aura)

    assert (failure.code, failure.retryable) == (code, retryable)


async def test_after_a_lost_socket_the_next_piece_takes_another(doubles, aura):
    doubles.aura.faults.next(Cut(after=1))
    await failure_of(aura)

    assert await sound_of(aura, "Again.") == whole("Again.")


@pytest.mark.parametrize("garbage", ["<html>", "[7]", '{"type": "Error", "code": "DATA-0002"}'])
async def test_what_cannot_be_read_is_a_failure(doubles, aura, garbage):
    doubles.aura.garbage = garbage

    assert (await failure_of(aura)).code in {"unreadable", "DATA-0002"}


async def test_closing_says_goodbye_and_a_closed_voice_speaks_no_more(doubles, aura):
    await sound_of(aura, "Bye.")
    await aura.close()

    assert doubles.aura.sockets[0].closed
    assert not (await failure_of(aura)).retryable


@pytest.mark.parametrize("name", ["../x", "a b", ""])
async def test_a_name_that_is_no_voice_is_refused(doubles, name):
    failure = await failure_of(tts("deepgram", Voice("aura-2", name), doubles.endpoint()))

    assert (failure.code, failure.retryable) == ("voice", False)
