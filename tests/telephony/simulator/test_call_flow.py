"""Whole calls against a web side that only plays one."""

from __future__ import annotations

import asyncio

import pytest

from telephony import mulaw
from telephony.simulator.call_flow import APOLOGY
from telephony.simulator.instructions import read
from telephony.simulator.webhooks import Webhook
from tests.telephony.simulator.conftest import CALLER, OURS, MakeCall, RunCall
from tests.telephony.simulator.our_side import ACCOUNT_SID, OurSide, Page, Socket
from tests.telephony.simulator.scenes import greet_and_close, greet_and_listen, is_signed


async def test_an_incoming_call_asks_what_to_do_with_signed_parameters(our_side: OurSide, run_call: RunCall):
    voice = our_side.answer("voice", "<Hangup/>")

    record = await run_call(voice)

    (asked,) = our_side.asked_for("voice")
    assert is_signed(asked)
    assert asked.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert asked.fields["CallSid"] == record.call_sid
    assert asked.fields["CallerCity"] == ""
    assert {
        name: asked.fields[name] for name in ("AccountSid", "From", "To", "CallStatus", "Direction", "ApiVersion")
    } == {
        "AccountSid": ACCOUNT_SID,
        "From": CALLER,
        "To": OURS,
        "CallStatus": "ringing",
        "Direction": "inbound",
        "ApiVersion": "2010-04-01",
    }


async def test_a_number_reports_once_when_the_call_is_over(our_side: OurSide, run_call: RunCall):
    voice = our_side.answer("voice", '<Pause length="61"/>')
    status = Webhook(our_side.answer("status", ""))

    await run_call(voice, status=status, options={"time_scale": 300.0})

    (asked,) = our_side.asked_for("status")
    assert is_signed(asked)
    about = {name: asked.fields[name] for name in ("CallStatus", "SipResponseCode", "SequenceNumber", "Duration")}
    assert about == {"CallStatus": "completed", "SipResponseCode": "200", "SequenceNumber": "0", "Duration": "2"}
    assert int(asked.fields["CallDuration"]) >= 61
    assert asked.fields["CallbackSource"] == "call-progress-events"
    assert asked.fields["Timestamp"].endswith("+0000")


async def test_verbs_are_done_in_order_and_their_requests_say_in_progress(our_side: OurSide, run_call: RunCall):
    our_side.answer("next", "<Hangup/>")
    voice = our_side.answer("voice", '<Say>Hello</Say><Pause length="1"/><Redirect>/next</Redirect><Say>never</Say>')

    record = await run_call(voice)

    assert [facts["name"] for facts in record.of_kind("verb")] == ["Say", "Pause", "Redirect", "Hangup"]
    assert our_side.asked_for("next")[0].fields["CallStatus"] == "in-progress"
    assert is_signed(our_side.asked_for("next")[0])
    assert any(mulaw.is_voiced(frame) for frame in mulaw.frames(bytes(record.heard.audio)))
    assert (record.status, record.ended_by) == ("completed", "agent")


async def test_a_closed_stream_leads_to_the_next_verb(our_side: OurSide, run_call: RunCall):
    our_side.talk = greet_and_close
    our_side.answer("resume", "<Hangup/>")
    voice = our_side.answer("voice", our_side.stream() + f"<Redirect>{our_side.at('resume')}</Redirect>")

    record = await run_call(voice)

    assert len(our_side.asked_for("resume")) == 1
    assert record.of_kind("stream closed") == [{"code": 1000}]
    assert record.errors == []


async def test_a_lost_stream_leads_to_the_next_verb_and_a_new_stream_goes_on(our_side: OurSide, run_call: RunCall):
    async def talk(socket: Socket) -> None:
        await socket.accept()
        await socket.read_until("start")
        if len(our_side.sockets) == 1:
            our_side.lose_connections()
        else:
            await socket.read_until("media")
            await socket.close()

    our_side.talk = talk
    our_side.answer("resume", our_side.stream("media2"))
    voice = our_side.answer("voice", our_side.stream() + "<Redirect>resume</Redirect>")

    record = await run_call(voice)

    first, second = our_side.sockets
    assert (first.path, second.path) == ("/media", "/media2")
    assert first.stream_sid != second.stream_sid
    assert second.got[1]["sequenceNumber"] == "1"
    assert second.got[1]["start"]["callSid"] == record.call_sid
    assert [facts["code"] for facts in record.of_kind("error")] == [31921]


async def test_an_action_takes_the_place_of_the_next_verb(our_side: OurSide, run_call: RunCall):
    our_side.talk = greet_and_close
    our_side.answer("done", "<Hangup/>")
    connect = our_side.stream().replace("<Connect>", f'<Connect action="{our_side.at("done")}">')
    voice = our_side.answer("voice", connect + "<Redirect>never</Redirect>")

    await run_call(voice)

    assert len(our_side.asked_for("done")) == 1
    assert our_side.asked_for("never") == []


async def test_a_stream_reports_its_own_course(our_side: OurSide, run_call: RunCall):
    our_side.talk = greet_and_close
    callback = our_side.answer("stream-status", "")
    voice = our_side.answer("voice", our_side.stream(name="agent", statusCallback=callback))

    await run_call(voice)

    asked = our_side.asked_for("stream-status")
    assert all(is_signed(one) for one in asked)
    assert sorted(one.fields["StreamEvent"] for one in asked) == ["stream-started", "stream-stopped"]
    assert {one.fields["StreamSid"] for one in asked} == {our_side.sockets[0].stream_sid}
    assert {one.fields["StreamName"] for one in asked} == {"agent"}


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ('url="https://127.0.0.1/media"', 31922),
        ('url="wss://127.0.0.1/media?token=1"', 31923),
        ('url="wss://127.0.0.1/media" track="both_tracks"', 31941),
        ('url="ws://127.0.0.1:1/media"', 31902),
    ],
)
async def test_a_stream_that_cannot_be_leads_to_the_next_verb(
    our_side: OurSide, run_call: RunCall, attributes: str, code: int
):
    our_side.answer("resume", "<Hangup/>")
    stream = f"<Connect><Stream {attributes}/></Connect>"
    voice = our_side.answer("voice", f"{stream}<Redirect>resume</Redirect>")

    record = await run_call(voice)

    assert [facts["code"] for facts in record.of_kind("error")] == [code]
    assert len(our_side.asked_for("resume")) == 1


async def test_a_parameter_that_is_too_long_is_refused(our_side: OurSide, run_call: RunCall):
    inside = f'<Parameter name="token" value="{"x" * 495}"/>'
    voice = our_side.answer("voice", our_side.stream(inside=inside))

    record = await run_call(voice)

    assert [facts["code"] for facts in record.of_kind("error")] == [12200]
    assert our_side.sockets == []


async def test_a_plain_server_is_reached_without_tls_and_signed_for_with(our_side: OurSide, run_call: RunCall):
    our_side.talk = greet_and_close
    voice = our_side.answer("voice", our_side.stream().replace("ws:", "wss:"))

    record = await run_call(voice)

    assert record.errors == []
    assert len(our_side.sockets) == 1


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (Page("<Response><Say>", 200), 12100),
        (Page("<Reply/>", 200), 12100),
        (Page("<Response/>", 200, "application/json"), 12300),
        (Page("<Response/>", 503), 11200),
        (Page("", 302, location="/voice"), 11215),
    ],
)
async def test_broken_instructions_lead_to_the_fallback(our_side: OurSide, run_call: RunCall, page: Page, code: int):
    our_side.pages["voice"] = page
    fallback = Webhook(our_side.answer("fallback", "<Hangup/>"))

    record = await run_call(our_side.at("voice"), fallback=fallback)

    fields = our_side.asked_for("fallback")[0].fields
    assert (fields["ErrorCode"], fields["ErrorUrl"]) == (str(code), our_side.at("voice"))
    assert [facts["code"] for facts in record.of_kind("error")] == [code]


async def test_without_a_fallback_the_carrier_apologizes_and_hangs_up(our_side: OurSide, run_call: RunCall):
    record = await run_call(our_side.at("missing"))

    assert [facts["text"] for facts in record.of_kind("announcement")] == [APOLOGY]
    assert (record.status, record.ended_by) == ("completed", "carrier")


async def test_what_the_carrier_does_not_know_is_warned_of_and_left_out(our_side: OurSide, run_call: RunCall):
    voice = our_side.answer("voice", '<Dance/><Say mood="merry">Hi</Say><Hangup/>')

    record = await run_call(voice)

    assert [facts["code"] for facts in record.of_kind("warning")] == [12200, 12200]
    assert [facts["name"] for facts in record.of_kind("verb")] == ["Say", "Hangup"]


async def test_a_redirect_by_http_becomes_get_and_loses_the_form(our_side: OurSide, run_call: RunCall):
    our_side.pages["voice"] = Page("", 302, location="/voice/")
    our_side.answer("voice/", "<Hangup/>")

    await run_call(our_side.at("voice"))

    (asked,) = our_side.asked_for("voice/")
    assert (asked.method, asked.fields) == ("GET", {})
    assert is_signed(asked)


async def test_a_get_carries_its_fields_in_the_signed_address(our_side: OurSide, make_call: MakeCall):
    our_side.answer("voice", "<Hangup/>")
    call = make_call(Webhook(our_side.at("voice?t=42"), "GET"))

    await call.run()

    (asked,) = our_side.asked_for("voice")
    assert asked.method == "GET"
    assert "t=42&CallSid=CA" in asked.url
    assert is_signed(asked)


async def test_a_failed_webhook_is_repeated_as_its_address_asks(our_side: OurSide, run_call: RunCall):
    our_side.pages["voice"] = Page("", 503)

    await run_call(our_side.at("voice") + "#rc=3&rp=5xx")
    await run_call(our_side.at("voice") + "#rc=3&rp=ct")

    tokens = [asked.headers["i-twilio-idempotency-token"] for asked in our_side.asked_for("voice")]
    assert len(tokens) == 5
    assert len(set(tokens)) == 2
    assert all(is_signed(asked) for asked in our_side.asked)


async def test_the_first_webhook_may_come_twice(our_side: OurSide, run_call: RunCall):
    voice = our_side.answer("voice", "<Hangup/>")

    record = await run_call(voice, options={"voice_twice": True})

    assert len(our_side.asked_for("voice")) == 2
    assert record.of_kind("webhook")[0]["same"] is True


async def test_new_instructions_interrupt_the_stream(our_side: OurSide, make_call: MakeCall):
    our_side.talk = greet_and_listen
    our_side.answer("transfer", "<Hangup/>")
    call = make_call(our_side.answer("voice", our_side.stream() + "<Redirect>never</Redirect>"))
    running = asyncio.create_task(call.run())
    while call.stream is None:
        await asyncio.sleep(0.01)

    call.go(Webhook(our_side.at("transfer")))
    record = await running

    assert our_side.sockets[0].events()[-1] == "stop"
    assert [facts["name"] for facts in record.of_kind("verb")] == ["Connect", "Hangup"]
    assert our_side.asked_for("never") == []


async def test_instructions_in_the_order_itself_are_followed(our_side: OurSide, make_call: MakeCall):
    our_side.talk = greet_and_listen
    call = make_call(our_side.answer("voice", our_side.stream()))
    running = asyncio.create_task(call.run())
    while call.stream is None:
        await asyncio.sleep(0.01)

    call.go(read("<Response><Say>Goodbye</Say></Response>", our_side.url))
    record = await running

    assert [facts["text"] for facts in record.of_kind("announcement")] == ["Goodbye"]
