from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.media_stream import (
    AudioReceived,
    DigitPressed,
    MarkReached,
    MediaStream,
    StillTyping,
    StreamStarted,
    StreamStopped,
    TypedLine,
)

SID = "MZ00000000000000000000000000000001"
CALL = "CA00000000000000000000000000000001"
ACCOUNT = "AC00000000000000000000000000000001"
FRAME = bytes(range(160))

CONNECTED = '{"event":"connected","protocol":"Call","version":"1.0.0"}'
START: dict[str, Any] = {
    "event": "start",
    "sequenceNumber": "1",
    "start": {
        "accountSid": ACCOUNT,
        "streamSid": SID,
        "callSid": CALL,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"token": "one-time"},
    },
    "streamSid": SID,
}


class Clock:
    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def media(frame: bytes = FRAME, *, sequence: int = 2, timestamp: int = 0, **media: Any) -> dict[str, Any]:
    payload = {"track": "inbound", "chunk": "1", "timestamp": str(timestamp), "payload": b64(frame)} | media
    return {"event": "media", "sequenceNumber": str(sequence), "media": payload, "streamSid": SID}


def b64(audio: bytes) -> str:
    return base64.b64encode(audio).decode()


def compact(message: dict[str, Any]) -> str:
    """As the carrier writes it."""
    return json.dumps(message, separators=(",", ":"))


def started(**options: Any) -> MediaStream:
    stream = MediaStream(**options)
    stream.receive(CONNECTED)
    stream.receive(compact(START))
    return stream


def shuffled(message: dict[str, Any], rng: random.Random) -> str:
    """The same message as some other sender might write it."""

    def turned(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        keys = list(value)
        rng.shuffle(keys)
        return {key: turned(value[key]) for key in keys}

    separators = rng.choice([(",", ":"), (", ", ": "), (" ,\n", "\t:  ")])
    return json.dumps(turned(message), separators=separators)


# What the carrier sends


def test_the_stream_begins_with_the_call_and_our_parameters():
    stream = MediaStream()

    assert stream.receive(CONNECTED) == ()
    assert stream.receive(compact(START)) == (StreamStarted(CALL, ACCOUNT, SID, {"token": "one-time"}),)


def test_a_frame_arrives_with_its_place_in_the_call():
    assert started().receive(compact(media(timestamp=40))) == (AudioReceived(FRAME, 40, 2),)


@pytest.mark.parametrize("length", [1, 159, 160, 161, 1600, 16 * 1024])
def test_payloads_of_any_size_are_taken(length: int):
    frame = random.Random(length).randbytes(length)

    (event,) = started().receive(compact(media(frame)))

    assert event.frame == frame


@given(
    frame=st.binary(min_size=1, max_size=400),
    sequence=st.integers(2, 10**9),
    timestamp=st.integers(0, 10**9),
    rng=st.randoms(use_true_random=False),
)
def test_a_frame_means_the_same_however_its_message_is_written(
    frame: bytes, sequence: int, timestamp: int, rng: random.Random
):
    message = media(frame, sequence=sequence, timestamp=timestamp)
    carrier, other = started(), started()

    assert carrier.receive(compact(message)) == other.receive(shuffled(message, rng))
    assert carrier.counts == other.counts


@given(cut=st.integers(0, 400), put=st.text(alphabet='"\\{}:,0aZ=/+ \n\x00é\ud800', max_size=3), at=st.integers(0, 400))
def test_a_damaged_frame_is_taken_as_the_strict_parser_takes_it(cut: int, put: str, at: int):
    text = compact(media())
    text = text[:cut] + text[cut + 1 :]
    text = text[:at] + put + text[at:]
    quick, strict = started(), started()

    # A leading space is nothing in JSON, and keeps the text from the quick road.
    assert quick.receive(text) == strict.receive(" " + text)
    assert quick.counts == strict.counts


def test_escaped_slashes_in_a_payload_are_slashes():
    text = compact(media(b"\xff" * 160)).replace("/", "\\/")

    assert started().receive(text) == (AudioReceived(b"\xff" * 160, 0, 2),)


def test_numbers_may_come_as_numbers():
    message = media() | {"sequenceNumber": 2}
    message["media"] |= {"timestamp": 20, "chunk": 1}

    assert started().receive(compact(message)) == (AudioReceived(FRAME, 20, 2),)


def test_our_own_voice_is_not_heard():
    assert started().receive(compact(media(track="outbound"))) == ()


def test_marks_digits_and_the_end_arrive():
    stream = started()
    mark = {"event": "mark", "sequenceNumber": "2", "streamSid": SID, "mark": {"name": "turn-3"}}
    digit = {"event": "dtmf", "streamSid": SID, "sequenceNumber": "3", "dtmf": {"track": "inbound_track", "digit": "#"}}
    stop = {"event": "stop", "sequenceNumber": "4", "stop": {"accountSid": ACCOUNT, "callSid": CALL}, "streamSid": SID}

    assert stream.receive(compact(mark)) == (MarkReached("turn-3"),)
    assert stream.receive(compact(digit)) == (DigitPressed("#"),)
    assert stream.receive(compact(stop)) == (StreamStopped(),)
    assert stream.counts.bad == 0


def test_lines_are_typed_only_where_there_is_a_keyboard():
    line = '{"event":"text","text":"Hello there"}'

    assert started(typing=True).receive(line) == (TypedLine("Hello there"),)
    assert started(typing=True).receive('{"event":"typing"}') == (StillTyping(),)
    assert started().receive('{"event":"typing"}') == ()
    assert started().receive(line) == ()


# What no sound carrier sends


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "\ufeff{}",
        "[]",
        "null",
        '{"no":"event"}',
        '{"event":"media"}',
        '{"event":"media","media":[]}',
        '{"event":"media","media":{"payload":"AAAA","payload":"BBBB"}}',
        '{"event":"media","event":"stop"}',
        '{"event":"x","n":NaN}',
        '{"event":"x","n":Infinity}',
        "[" * 60_000,
        '{"event":"x","n":' + "9" * 60_000 + "}",
        compact(media(payload="not base64!")),
        compact(media(payload="AAAA=AAA")),
        compact(media(payload="")),
        compact(media(b"\xff" * (16 * 1024 + 1))),
        compact(media(timestamp="-5")),
        compact(media(timestamp="٥")),
        compact(media() | {"sequenceNumber": "1e3"}),
        compact({"event": "dtmf", "dtmf": {"digit": "12"}}),
        compact({"event": "mark", "mark": {"name": "x" * 201}}),
        '{"event":"mark","mark":{"name":"\\ud800"}}',
        compact(START),
        " " * 70_000 + "{}",
    ],
)
def test_a_bad_message_is_counted_and_says_nothing(text: str):
    stream = started()

    assert stream.receive(text) == ()
    assert stream.counts.bad == 1


def test_unknown_events_and_new_fields_are_let_pass():
    stream = started()

    assert stream.receive('{"event":"weather","sequenceNumber":"2","sky":"clear"}') == ()
    assert stream.receive(compact(media(sequence=3) | {"new": {"field": 1}})) == (AudioReceived(FRAME, 0, 3),)
    assert (stream.counts.unknown, stream.counts.bad) == (1, 0)


def test_fifty_bad_messages_are_enough():
    stream = started()
    for _ in range(49):
        stream.receive("?")
    assert not stream.is_spent

    stream.refuse()

    assert stream.is_spent


@pytest.mark.parametrize("sid", ["", "a b", 'MZ"}', "x" * 65])
def test_a_stream_must_have_a_plain_name(sid: str):
    stream = MediaStream()

    assert stream.receive(compact(START | {"start": START["start"] | {"streamSid": sid}, "streamSid": sid})) == ()
    assert stream.counts.bad == 1


# Gaps, and too much


def test_silence_fills_a_gap_so_that_the_call_keeps_its_time():
    stream = started()
    stream.receive(compact(media(sequence=2, timestamp=0)))

    events = stream.receive(compact(media(sequence=5, timestamp=60)))

    silence = b"\xff" * 160
    assert events == (
        AudioReceived(silence, 20, 5),
        AudioReceived(silence, 40, 5),
        AudioReceived(FRAME, 60, 5),
    )
    assert stream.counts.lost == 2


def test_lost_messages_that_were_no_audio_leave_no_gap():
    stream = started()
    stream.receive(compact(media(sequence=2, timestamp=0)))

    assert stream.receive(compact(media(sequence=5, timestamp=20))) == (AudioReceived(FRAME, 20, 5),)


def test_a_gap_is_not_filled_for_ever():
    stream = started()
    stream.receive(compact(media(sequence=2, timestamp=0)))

    assert len(stream.receive(compact(media(sequence=10**9, timestamp=10**9)))) == 51


def test_repeats_and_disorder_are_counted_and_heard():
    stream = started()
    for sequence in (2, 3, 3, 2, 4):
        assert len(stream.receive(compact(media(sequence=sequence)))) == 1

    assert (stream.counts.repeated, stream.counts.lost, stream.counts.bad) == (2, 0, 0)


def test_a_caller_is_heard_at_the_pace_of_speech_for_an_hour():
    clock = Clock()
    stream = started(clock=clock)
    for n in range(50 * 3600):
        clock.at += 0.02
        stream.receive(compact(media(b"\xff", sequence=n + 2, timestamp=n * 20)))

    assert stream.counts.bad == 0


def test_what_a_network_held_back_for_five_seconds_is_heard_at_once():
    stream = started(clock=Clock())

    assert all(stream.receive(compact(media(sequence=n + 2, timestamp=n * 20))) for n in range(250))


def test_audio_faster_than_anybody_speaks_is_refused():
    clock = Clock()
    stream = started(clock=clock)
    for n in range(150 * 8):
        clock.at += 1 / 150
        stream.receive(compact(media(sequence=n + 2, timestamp=n * 20)))

    assert stream.is_spent


def test_ten_minutes_of_audio_within_a_second_are_refused():
    clock = Clock()
    stream = started(clock=clock)
    heard = 0
    for n in range(300):
        clock.at += 1 / 300
        heard += sum(len(event.frame) for event in stream.receive(compact(media(bytes(16_000), sequence=n + 2))))

    assert heard < 10 * 8000
    assert stream.is_spent


# What we send


@given(audio=st.binary(min_size=1, max_size=2000), name=st.text(max_size=50))
def test_what_we_send_is_json_for_this_stream(audio: bytes, name: str):
    stream = started()

    assert json.loads(stream.media(audio)) == {"event": "media", "streamSid": SID, "media": {"payload": b64(audio)}}
    assert json.loads(stream.mark(name)) == {"event": "mark", "streamSid": SID, "mark": {"name": name}}
    assert json.loads(stream.clear()) == {"event": "clear", "streamSid": SID}
