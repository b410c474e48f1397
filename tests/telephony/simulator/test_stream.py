"""The wire of Media Streams, seen from our side of it."""

from __future__ import annotations

import asyncio
import base64

import pytest
from twilio.request_validator import RequestValidator

from telephony import mulaw
from telephony.simulator.stream import StreamError
from telephony.simulator.voices import tone
from tests.telephony.simulator.our_side import ACCOUNT_SID, AUTH_TOKEN, OurSide, Socket
from tests.telephony.simulator.streams import CALL_SID, STREAM_SID, MakeStream, finished, in_base64


async def test_the_handshake_is_signed_for_the_wss_form_of_the_address(our_side: OurSide, make_stream: MakeStream):
    stream = make_stream()
    await stream.open()
    await stream.stop()

    signature = our_side.sockets[0].headers["x-twilio-signature"]
    secure = our_side.at("media").replace("http:", "wss:")
    assert RequestValidator(AUTH_TOKEN).validate(secure, {}, signature)


async def test_the_first_messages_introduce_the_call(our_side: OurSide, make_stream: MakeStream):
    stream = make_stream(parameters={"token": "t-1", "name": 'quote " and ü'})
    await stream.open()
    await stream.stop()

    connected, start, *_ = our_side.sockets[0].got
    assert connected == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    assert start == {
        "event": "start",
        "sequenceNumber": "1",
        "start": {
            "accountSid": ACCOUNT_SID,
            "streamSid": STREAM_SID,
            "callSid": CALL_SID,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {"token": "t-1", "name": 'quote " and ü'},
        },
        "streamSid": STREAM_SID,
    }


async def test_every_message_is_numbered_and_its_numbers_are_strings(our_side: OurSide, make_stream: MakeStream):
    async def talk(socket: Socket) -> None:
        await socket.accept()
        for _ in range(5):
            await socket.read_until("media")
        await socket.mark("m")
        await socket.read_all()

    our_side.talk = talk
    stream = make_stream()
    await stream.open()
    while "mark returned" not in [kind for kind, _ in stream.noted]:
        await asyncio.sleep(0.01)
    stream.press("#")
    await stream.stop()

    _, *numbered = our_side.sockets[0].got
    media = [message["media"] for message in numbered if message["event"] == "media"]
    assert [message["sequenceNumber"] for message in numbered] == [str(n + 1) for n in range(len(numbered))]
    assert [one["chunk"] for one in media] == [str(n + 1) for n in range(len(media))]
    assert [one["timestamp"] for one in media] == [str(20 * (n + 1)) for n in range(len(media))]
    assert {one["track"] for one in media} == {"inbound"}
    assert base64.b64decode(media[0]["payload"]) == mulaw.SILENCE
    assert {message["streamSid"] for message in numbered} == {STREAM_SID}


async def test_keys_marks_and_the_end_look_as_on_the_real_wire(our_side: OurSide, make_stream: MakeStream):
    async def talk(socket: Socket) -> None:
        await socket.accept()
        await socket.read_until("start")
        await socket.mark("turn-3-end")
        await socket.read_all()

    our_side.talk = talk
    stream = make_stream()
    await stream.open()
    while "mark returned" not in [kind for kind, _ in stream.noted]:
        await asyncio.sleep(0.01)
    stream.press("1")
    await stream.stop()

    got = {message["event"]: message for message in our_side.sockets[0].got}
    del got["dtmf"]["sequenceNumber"], got["mark"]["sequenceNumber"], got["stop"]["sequenceNumber"]
    assert got["mark"] == {"event": "mark", "streamSid": STREAM_SID, "mark": {"name": "turn-3-end"}}
    assert got["dtmf"] == {"event": "dtmf", "streamSid": STREAM_SID, "dtmf": {"track": "inbound_track", "digit": "1"}}
    assert got["stop"] == {
        "event": "stop",
        "stop": {"accountSid": ACCOUNT_SID, "callSid": CALL_SID},
        "streamSid": STREAM_SID,
    }
    assert our_side.sockets[0].events()[-1] == "stop"


async def test_a_mark_returns_when_what_was_sent_before_it_was_played(our_side: OurSide, make_stream: MakeStream):
    played: list[float] = []

    async def talk(socket: Socket) -> None:
        await socket.accept()
        await socket.read_until("start")
        await socket.play(in_base64(tone(600)))
        await socket.mark("said")
        assert (await socket.read_until("mark"))["mark"] == {"name": "said"}
        played.append(handset.clock.now_ms() - handset.playback.spells[0].start_ms)
        await socket.close()

    our_side.talk = talk
    stream = make_stream()
    handset = stream.handset
    await stream.open()
    await finished(stream)

    assert played[0] >= 600


async def test_clear_drops_the_rest_and_returns_its_marks_although_nobody_heard_them(
    our_side: OurSide, make_stream: MakeStream
):
    async def talk(socket: Socket) -> None:
        await socket.accept()
        await socket.read_until("start")
        for name in ("one", "two"):
            await socket.play(in_base64(tone(3_600_000 // 100)))
            await socket.mark(name)
        await socket.clear()
        for name in ("one", "two"):
            assert (await socket.read_until("mark"))["mark"]["name"] == name
        await socket.close()

    our_side.talk = talk
    stream = make_stream()
    await stream.open()
    await finished(stream)

    kinds = [kind for kind, _ in stream.noted]
    assert kinds == ["first frame", "mark", "mark", "clear", "mark returned", "mark returned", "cleared"]
    assert stream.handset.playback.is_idle


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[1]",
        '{"event":"applause","streamSid":"%s"}',
        '{"event":"media","streamSid":"MZ00000000000000000000000000000000","media":{"payload":"/w=="}}',
        '{"event":"media","streamSid":"%s","media":{"payload":"/w==","track":"outbound"}}',
        '{"event":"media","streamSid":"%s","media":{"payload":"/w="}}',
        '{"event":"media","streamSid":"%s","sequenceNumber":"1","media":{"payload":"/w=="}}',
        '{"event":"media","streamSid":"%s","media":{}}',
        '{"event":"mark","streamSid":"%s","mark":{"name":7}}',
        '{"event":"mark","streamSid":"%s"}',
        '{"event":"clear","streamSid":"%s","all":true}',
        "[" * 100_000,
    ],
)
async def test_a_message_that_does_not_conform_is_dropped_and_warned_of_once(
    our_side: OurSide, make_stream: MakeStream, text: str
):
    async def talk(socket: Socket) -> None:
        await socket.accept()
        await socket.read_until("start")
        await socket.send_text(text.replace("%s", STREAM_SID))
        await socket.send_text(text.replace("%s", STREAM_SID))
        await socket.close()

    our_side.talk = talk
    stream = make_stream()
    await stream.open()
    await finished(stream)

    assert [facts["code"] for kind, facts in stream.noted] == [31951]
    assert stream.log.bad_messages == 2
    assert stream.log.media_in == 0


async def test_a_binary_message_is_warned_of_by_its_own_code(our_side: OurSide, make_stream: MakeStream):
    async def talk(socket: Socket) -> None:
        await socket.accept()
        await socket.send_bytes(tone(20))
        await socket.close()

    our_side.talk = talk
    stream = make_stream()
    await stream.open()
    await finished(stream)

    assert [(kind, facts["code"]) for kind, facts in stream.noted] == [("warning", 31950)]


async def test_a_refused_handshake_is_told_from_a_server_that_is_not_there(our_side: OurSide, make_stream: MakeStream):
    async def refuse(socket: Socket) -> None:
        await socket.close()

    our_side.talk = refuse
    with pytest.raises(StreamError) as refused:
        await make_stream().open()
    with pytest.raises(StreamError) as nobody:
        await make_stream(connect_to="ws://127.0.0.1:1/media").open()

    assert (refused.value.code, nobody.value.code) == (31920, 31902)


async def test_the_close_code_of_our_side_is_kept_and_a_lost_connection_is_told_from_a_close(
    our_side: OurSide, make_stream: MakeStream
):
    async def close(socket: Socket) -> None:
        await socket.accept()
        await socket.close(4000)

    our_side.talk = close
    closed, lost = make_stream(), make_stream()
    await closed.open()
    await finished(closed)
    our_side.talk = OurSide.talk
    await lost.open()
    our_side.lose_connections()
    await finished(lost)

    assert (closed.closed.result(), closed.was_lost) == (4000, False)
    assert lost.was_lost
