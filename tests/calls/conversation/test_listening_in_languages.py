"""Hearing another language from now on, within a call."""

import asyncio

from agents.providers.ports import EndOfTurn, Interim, ProviderError
from calls.conversation.listening import AudioListener
from tests.calls.conversation.recognisers import VOICE, First, Recogniser, Slow, listening, stop
from tests.clock import on_virtual_clock


@on_virtual_clock
async def test_the_new_ears_hear_the_open_turn_again_and_the_old_ones_hear_until_they_are_open():
    old, new = Recogniser(), Slow()
    listener, heard, task = await listening(old, new)
    for _ in range(10):
        listener.hear(VOICE)
    listener.switch_language("es")
    await asyncio.sleep(0.1)
    listener.hear(VOICE)
    assert b"".join(old.fed) == VOICE * 11
    old.queue.put_nowait(Interim("hello", 0, 200))
    await asyncio.sleep(0.5)
    listener.hear(VOICE)

    assert old.closed
    assert b"".join(new.fed) == VOICE * 12
    new.queue.put_nowait(EndOfTurn("hola", 0, 220))
    await asyncio.sleep(0.01)
    assert heard == [Interim("hello", 0, 200), EndOfTurn("hola", 0, 220)]
    await stop(task)


@on_virtual_clock
async def test_a_turn_that_is_over_is_not_heard_again_in_the_new_language():
    old, new = Recogniser(), Recogniser()
    listener, _, task = await listening(old, new)
    for _ in range(50):
        listener.hear(VOICE)
    old.queue.put_nowait(EndOfTurn("speak Spanish", 0, 1000))
    await asyncio.sleep(0.01)
    listener.switch_language("es")
    await asyncio.sleep(0.01)
    listener.hear(VOICE)

    assert b"".join(new.fed) == VOICE
    await stop(task)


@on_virtual_clock
async def test_rather_the_wrong_ears_than_none():
    old = Recogniser()
    listener, _, task = await listening(old, Recogniser(opens=False))
    troubles: list[ProviderError] = []
    listener.on_trouble = troubles.append
    listener.switch_language("es")
    await asyncio.sleep(0.1)
    listener.hear(VOICE)

    assert [error.message for error in troubles] == ["refused"]
    assert old.fed[-1] == VOICE
    assert not old.closed
    await stop(task)


@on_virtual_clock
async def test_ears_that_do_not_know_the_language_are_left_out_and_polyglots_stay():
    spoken = ["en"]
    first, second = First(), Recogniser()
    listener = AudioListener(lambda: first, lambda: second, knows=lambda ear: spoken[0] == "en" or ear == 1)
    task = asyncio.ensure_future(listener.run())
    await asyncio.sleep(0.01)
    spoken[0] = "es"
    listener.switch_language("es")
    await asyncio.sleep(0.01)
    listener.hear(VOICE)
    assert second.fed == [VOICE]
    await stop(task)

    polyglot = Recogniser()
    listener = AudioListener(iter([polyglot]).__next__, polyglots=(0,))
    task = asyncio.ensure_future(listener.run())
    await asyncio.sleep(0.01)
    listener.switch_language("es")
    await asyncio.sleep(0.1)
    assert not polyglot.closed
    await stop(task)


@on_virtual_clock
async def test_a_language_that_changes_while_the_first_ears_open_is_heard_with_the_next_ones():
    slow, new = Slow(), Recogniser()
    listener, _, task = await listening(slow, new)
    listener.switch_language("es")
    await asyncio.sleep(0.5)

    assert slow.closed
    assert not new.closed
    await stop(task)
