"""Hearing across the loss of a recogniser, and what is sent to it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from agents.providers.ports import EndOfTurn, HearingEvent, Interim, ProviderError
from calls.conversation.listening import IDLE_BYTES, AudioListener, is_voiced
from tests.clock import on_virtual_clock

VOICE, SILENCE = bytes([0x10, 0x90] * 80), b"\xff" * 160


class Recogniser:
    """Keeps what it was fed; says and fails as told."""

    def __init__(self, *, opens: bool = True) -> None:
        self.opens, self.fed, self.closed = opens, [], False
        self.queue: asyncio.Queue[HearingEvent | ProviderError] = asyncio.Queue()

    async def open(self) -> None:
        if not self.opens:
            raise ProviderError("stt", "refused")

    def feed(self, frame: bytes) -> None:
        self.fed.append(frame)

    async def events(self) -> AsyncIterator[HearingEvent]:
        while True:
            event = await self.queue.get()
            if isinstance(event, ProviderError):
                raise event
            yield event

    async def close(self) -> None:
        self.closed = True


async def listening(*recognisers: Recogniser) -> tuple[AudioListener, list[HearingEvent], asyncio.Task[None]]:
    supply = iter(recognisers)
    listener = AudioListener(lambda: next(supply))
    heard: list[HearingEvent] = []
    listener.on_event = heard.append
    task = asyncio.ensure_future(listener.run())
    await asyncio.sleep(0.01)
    return listener, heard, task


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


def test_a_voice_is_told_from_silence():
    assert is_voiced(VOICE)
    assert not is_voiced(SILENCE)
    assert not is_voiced(bytes([0x7F, 0xFE] * 80))


@on_virtual_clock
async def test_a_lost_recogniser_is_replaced_and_hears_the_open_turn_again():
    first, second = Recogniser(), Recogniser()
    listener, heard, task = await listening(first, second)
    for _ in range(10):
        listener.hear(VOICE)
    first.queue.put_nowait(ProviderError("stt", "reset"))
    await asyncio.sleep(0.5)
    listener.hear(VOICE)

    assert first.closed
    assert b"".join(second.fed) == VOICE * 11
    second.queue.put_nowait(Interim("hello", 0, 200))
    await asyncio.sleep(0.01)
    assert heard == [Interim("hello", 0, 200)]
    await stop(task)
    assert second.closed


@on_virtual_clock
async def test_what_was_confirmed_is_not_heard_twice_and_positions_go_on():
    first, second = Recogniser(), Recogniser()
    listener, heard, task = await listening(first, second)
    for _ in range(50):
        listener.hear(VOICE)
    first.queue.put_nowait(EndOfTurn("done", 0, 1000))
    await asyncio.sleep(0.01)
    for _ in range(5):
        listener.hear(VOICE)
    first.queue.put_nowait(ProviderError("stt", "reset"))
    await asyncio.sleep(0.5)

    assert b"".join(second.fed) == VOICE * 5
    second.queue.put_nowait(Interim("more", 0, 100))
    await asyncio.sleep(0.01)
    assert heard[-1] == Interim("more", 1000, 1100)
    await stop(task)


@on_virtual_clock
async def test_silence_between_turns_is_sent_in_larger_pieces_and_a_voice_at_once():
    recogniser = Recogniser()
    listener, _, task = await listening(recogniser)
    for _ in range(12):
        listener.hear(SILENCE)
    assert [len(piece) for piece in recogniser.fed] == [IDLE_BYTES, IDLE_BYTES]

    listener.hear(VOICE)
    assert b"".join(recogniser.fed) == SILENCE * 12 + VOICE
    listener.hear(SILENCE)
    assert recogniser.fed[-1] == SILENCE
    await stop(task)


@on_virtual_clock
async def test_a_recogniser_that_hears_no_voice_is_replaced():
    deaf, good = Recogniser(), Recogniser()
    listener, _, task = await listening(deaf, good)
    for _ in range(201):
        listener.hear(VOICE)
    await asyncio.sleep(0.5)
    assert deaf.closed
    assert good.fed
    await stop(task)


@on_virtual_clock
async def test_a_recogniser_that_cannot_be_reached_is_given_up_after_some_tries():
    troubles: list[ProviderError] = []
    listener = AudioListener(lambda: Recogniser(opens=False))
    listener.on_trouble = troubles.append
    with pytest.raises(ProviderError):
        await listener.run()
    assert len(troubles) == 5
