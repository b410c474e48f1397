"""The wire of Media Streams when network or carrier do not keep to the rules."""

from __future__ import annotations

import asyncio

import pytest

from telephony.simulator.handset import Handset
from telephony.simulator.stream import StreamFaults
from telephony.simulator.voices import tone
from tests.telephony.simulator.our_side import OurSide, Socket
from tests.telephony.simulator.streams import MakeStream, finished, in_base64


async def test_what_was_not_played_when_the_socket_closes_is_never_heard(our_side: OurSide, make_stream: MakeStream):
    async def talk(socket: Socket) -> None:
        await socket.accept()
        await socket.read_until("start")
        await socket.play(in_base64(tone(60_000)))
        await socket.close()

    our_side.talk = talk
    stream = make_stream()
    await stream.open()
    await finished(stream)

    assert stream.noted[-1][0] == "unheard"
    assert stream.handset.playback.is_idle


async def test_what_a_stalled_network_holds_back_arrives_at_once_and_in_order(
    our_side: OurSide, make_stream: MakeStream, handset: Handset
):
    stream = make_stream()
    await stream.open()
    stream.freeze()
    before = stream.log.media_out
    while stream.log.media_out < before + 20:
        await handset.clock.sleep(20)
    stream.thaw()
    await stream.stop()

    chunks = [message["media"]["chunk"] for message in our_side.sockets[0].got if message["event"] == "media"]
    assert len(chunks) >= 20
    assert chunks == [str(n + 1) for n in range(len(chunks))]


async def test_what_a_dead_network_held_back_is_missing(our_side: OurSide, make_stream: MakeStream, handset: Handset):
    stream = make_stream()
    await stream.open()
    stream.freeze()
    before = stream.log.media_out
    while stream.log.media_out < before + 20:
        await handset.clock.sleep(20)
    stream.thaw(lost=True)
    await stream.stop()

    numbers = [int(message["sequenceNumber"]) for message in our_side.sockets[0].got[1:]]
    assert numbers == sorted(numbers)
    assert numbers[-1] > len(numbers) + 18


async def test_marks_may_never_come(our_side: OurSide, make_stream: MakeStream):
    async def talk(socket: Socket) -> None:
        await socket.accept()
        await socket.read_until("start")
        await socket.mark("lost")
        for _ in range(20):
            await socket.read_until("media")
        await socket.close()

    our_side.talk = talk
    stream = make_stream(faults=StreamFaults(lose_marks=True))
    await stream.open()
    await finished(stream)

    assert "mark" not in our_side.sockets[0].events()
    assert ("mark returned", {"name": "lost"}) in stream.noted


async def test_clear_may_be_ignored(our_side: OurSide, make_stream: MakeStream, handset: Handset):
    left: list[float] = []

    async def talk(socket: Socket) -> None:
        await socket.accept()
        await socket.read_until("start")
        await socket.play(in_base64(tone(60_000)))
        await socket.clear()
        await socket.mark("behind")
        while "clear ignored" not in [kind for kind, _ in stream.noted]:
            await socket.read_until("media")
        left.append(handset.playback.ends_at_ms - handset.clock.now_ms())
        await socket.close()

    our_side.talk = talk
    stream = make_stream(faults=StreamFaults(ignore_clear=True))
    await stream.open()
    await finished(stream)

    assert left[0] > 0


@pytest.mark.parametrize(
    ("faults", "chunks"),
    [
        (StreamFaults(lose_every=3), [1, 2, 4, 5, 7, 8]),
        (StreamFaults(repeat_every=3), [1, 2, 3, 3, 4, 5]),
        (StreamFaults(swap_every=3), [1, 2, 4, 3, 5, 7]),
    ],
)
async def test_frames_are_lost_repeated_or_swapped_on_request(
    our_side: OurSide, make_stream: MakeStream, handset: Handset, faults: StreamFaults, chunks: list[int]
):
    stream = make_stream(faults=faults)
    await stream.open()
    while stream.log.media_out < 9:
        await handset.clock.sleep(20)
    await stream.stop()

    got = [int(message["media"]["chunk"]) for message in our_side.sockets[0].got if message["event"] == "media"]
    assert got[:6] == chunks


async def test_long_messages_and_pings_pass(our_side: OurSide, make_stream: MakeStream):
    async def talk(socket: Socket) -> None:
        await socket.accept()
        await socket.read_until("start")
        await socket.play(in_base64(tone(20)))
        await socket.play(in_base64(tone(2000)))
        await socket.play(in_base64(tone(60_000)))
        await socket.close()

    our_side.talk = talk
    stream = make_stream()
    await stream.open()
    await finished(stream)

    assert stream.log.bytes_in == (20 + 2000 + 60_000) * 8
    assert stream.log.bad_messages == 0


async def test_a_carrier_that_reads_nothing_goes_on_sending(our_side: OurSide, make_stream: MakeStream):
    answered = asyncio.Event()

    async def talk(socket: Socket) -> None:
        await socket.accept()
        for _ in range(60):
            await socket.read_until("media")
            await socket.play(in_base64(tone(20)))
        answered.set()
        await socket.read_all()

    our_side.talk = talk
    stream = make_stream()
    await stream.open()
    while stream.log.media_in < 5:
        await asyncio.sleep(0.01)
    stream.stop_reading()
    read = stream.log.media_in
    await answered.wait()

    assert stream.log.media_in == read < 60
