"""Hearing across the loss of a recogniser, and what is sent to it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from agents.providers.ports import EndOfTurn, HearingEvent, Interim, ProviderError, WordsLate
from calls.conversation.listening import IDLE_BYTES, AudioListener, is_voiced
from tests.calls.conversation.recognisers import SILENCE, VOICE, First, Recogniser, listening, stop
from tests.clock import on_virtual_clock


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


# A second recogniser -------------------------------------------------------------------------------------


async def listening_with_second(*firsts: Recogniser, second: Recogniser) -> tuple[AudioListener, asyncio.Task[None]]:
    supply = iter(firsts)
    listener = AudioListener(lambda: next(supply), lambda: second)
    task = asyncio.ensure_future(listener.run())
    await asyncio.sleep(0.01)
    return listener, task


@on_virtual_clock
async def test_the_second_recogniser_hears_the_open_turn_when_the_first_is_lost():
    first, second = First(), Recogniser()
    listener, task = await listening_with_second(first, second=second)
    for _ in range(100):
        listener.hear(VOICE)
    first.queue.put_nowait(ProviderError("stt", "reset"))
    await asyncio.sleep(0.01)
    for _ in range(50):
        listener.hear(VOICE)

    assert b"".join(second.fed) == VOICE * 150
    assert listener.by_second_ms == 1000
    await stop(task)


@pytest.mark.parametrize("retryable", [True, False])
def test_the_second_recogniser_hears_when_the_first_cannot_be_opened(retryable: bool):
    @on_virtual_clock
    async def scenario():
        first, second = First(opens=False), Recogniser()
        first.error = ProviderError("stt", "refused", retryable=retryable)
        listener, task = await listening_with_second(first, second=second)
        listener.hear(VOICE)
        await asyncio.sleep(0.01)
        assert b"".join(second.fed) == VOICE
        await stop(task)

    scenario()


@on_virtual_clock
async def test_a_first_recogniser_that_opens_too_slowly_is_not_waited_for():
    class Slow(First):
        async def open(self) -> None:
            await asyncio.sleep(3.0)

    second = Recogniser()
    listener, task = await listening_with_second(Slow(), second=second)
    listener.hear(VOICE)
    await asyncio.sleep(1.6)

    assert b"".join(second.fed) == VOICE
    await stop(task)


@on_virtual_clock
async def test_a_recogniser_that_says_nothing_after_a_voice_gives_way_to_the_second():
    mute, second = First(), Recogniser()
    listener, task = await listening_with_second(mute, second=second)
    for _ in range(30):
        listener.hear(VOICE)
    for _ in range(80):
        listener.hear(SILENCE)
    await asyncio.sleep(0.01)

    assert b"".join(second.fed).startswith(VOICE * 30)
    await stop(task)


@on_virtual_clock
async def test_a_recogniser_that_failed_in_three_calls_is_left_alone_by_the_next():
    for _ in range(3):
        first = First()
        _, task = await listening_with_second(first, second=Recogniser())
        first.queue.put_nowait(ProviderError("stt", "reset"))
        await asyncio.sleep(0.01)
        await stop(task)
    second = Recogniser()
    listener, task = await listening_with_second(First(), second=second)
    listener.hear(VOICE)

    assert second.fed
    await stop(task)


@on_virtual_clock
async def test_a_recogniser_that_could_not_be_opened_is_opened_anew():
    first, again = Recogniser(opens=False), Recogniser()
    listener, _, task = await listening(first, again)
    listener.hear(VOICE)
    await asyncio.sleep(0.5)

    assert b"".join(again.fed) == VOICE
    await stop(task)


@on_virtual_clock
async def test_when_neither_can_be_reached_both_were_tried_several_times():
    troubles: list[ProviderError] = []
    listener = AudioListener(lambda: First(opens=False), lambda: Recogniser(opens=False))
    listener.on_trouble = troubles.append
    with pytest.raises(ProviderError):
        await listener.run()
    assert len(troubles) == 9


async def a_turn(listener: AudioListener, *, silent_frames: int) -> None:
    """A second of voice and so much silence, at the speed of a call."""
    for frame in (*[VOICE] * 50, *[SILENCE] * silent_frames):
        listener.hear(frame)
        await asyncio.sleep(0.02)


@on_virtual_clock
async def test_words_that_do_not_come_after_a_voice_are_late_once():
    silent = Recogniser()
    silent.owes_since = 0.0
    listener, heard, task = await listening(silent, Recogniser())
    await a_turn(listener, silent_frames=74)
    assert heard == []

    await a_turn(listener, silent_frames=0)
    await a_turn(listener, silent_frames=140)
    assert heard == [WordsLate()]
    await stop(task)


class Breaking(Recogniser):
    """Its stream is lost again soon."""

    async def events(self) -> AsyncIterator[HearingEvent]:
        await asyncio.sleep(0.3)
        raise ProviderError("stt", "lost", code="connection_lost")
        yield


@on_virtual_clock
async def test_words_are_late_also_where_one_stream_after_the_other_is_lost():
    listener, heard, task = await listening(*(Breaking() for _ in range(9)))
    await a_turn(listener, silent_frames=80)

    assert heard == [WordsLate()]
    await stop(task)


@on_virtual_clock
async def test_a_recogniser_that_gives_signs_has_heard_a_noise():
    listener, heard, task = await listening(Recogniser())
    await a_turn(listener, silent_frames=300)

    assert heard == []
    await stop(task)


@on_virtual_clock
async def test_a_turn_whose_words_are_taken_is_not_heard_again_by_the_second():
    stuck, second = First(), Recogniser()
    stuck.owes_since = 0.0
    listener, task = await listening_with_second(stuck, second=second)
    stuck.queue.put_nowait(Interim("when do you open", 0, 1000))
    await a_turn(listener, silent_frames=80)
    assert stuck.closed
    assert VOICE not in b"".join(second.fed)

    listener.hear(VOICE)
    assert second.fed[-1] == VOICE
    await stop(task)
