"""Sessions for words, as the practice carrier holds them."""

from __future__ import annotations

import json
from typing import Any

from telephony.simulator.people import BargeIn, HangUp, Press, Say, WaitForAgent
from tests.telephony.simulator.conftest import RunCall
from tests.telephony.simulator.our_side import ACCOUNT_SID, OurSide, Socket

EVENTS = 'events="speaker-events tokens-played"'


def relay(our_side: OurSide, attributes: str = "") -> str:
    url = our_side.at("words").replace("http:", "ws:")
    noun = f'<ConversationRelay url="{url}" {attributes}><Parameter name="token" value="t"/></ConversationRelay>'
    return our_side.answer("voice", f'<Connect action="/done">{noun}</Connect>')


async def read_until(socket: Socket, kind: str) -> dict[str, Any]:
    while (message := await socket.read()) is not None:
        if message["type"] == kind:
            return message
    raise AssertionError(f"no {kind} came")


async def tell(socket: Socket, **message: Any) -> None:
    await socket.send_text(json.dumps(message))


async def test_a_session_introduces_the_call_and_carries_words_both_ways(our_side: OurSide, run_call: RunCall):
    our_side.answer("done", "<Hangup/>")

    async def talk(socket: Socket) -> None:
        await socket.accept()
        setup = await read_until(socket, "setup")
        assert (setup["accountSid"], setup["customParameters"]) == (ACCOUNT_SID, {"token": "t"})
        assert (await read_until(socket, "prompt"))["voicePrompt"] == "When do you open?"
        await tell(socket, type="text", token="We open ", last=False)
        await tell(socket, type="text", token="at eight.", last=True)
        assert (await read_until(socket, "dtmf"))["digit"] == "4"
        await tell(socket, type="end", handoffData='{"reason":"over"}')
        await socket.read_all()

    our_side.talk = talk
    voice = relay(our_side, f'welcomeGreeting="Hello there." dtmfDetection="true" {EVENTS}')
    record = await run_call(voice, WaitForAgent(), Say("When do you open?"), WaitForAgent(), Press("4"))

    played = [m["value"] for m in our_side.sockets[0].got if m.get("name") == "tokensPlayed"]
    assert played == ["Hello there.", "We open at eight."]
    (asked,) = our_side.asked_for("done")
    assert (asked.fields["SessionStatus"], asked.fields["HandoffData"]) == ("ended", '{"reason":"over"}')
    assert record.errors == []


async def test_who_talks_over_the_agent_silences_it_and_it_is_told_what_was_heard(our_side: OurSide, run_call: RunCall):
    told: list[dict[str, Any]] = []
    our_side.answer("done", "<Hangup/>")

    async def talk(socket: Socket) -> None:
        await socket.accept()
        await tell(socket, type="text", token="I can offer you Monday at nine, or Friday at noon.", last=True)
        told.append(await read_until(socket, "interrupt"))
        told.append(await read_until(socket, "prompt"))
        await tell(socket, type="end")
        await socket.read_all()

    our_side.talk = talk
    await run_call(relay(our_side), BargeIn("Monday please", after_ms=1000))

    heard = told[0]["utteranceUntilInterrupt"]
    assert heard
    assert "I can offer you Monday at nine, or Friday at noon.".startswith(heard)
    assert told[1]["voicePrompt"] == "Monday please"


async def test_words_that_may_not_be_interrupted_are_heard_to_their_end(our_side: OurSide, run_call: RunCall):
    our_side.answer("done", "<Hangup/>")

    async def talk(socket: Socket) -> None:
        await socket.accept()
        await tell(socket, type="text", token="This call is recorded.", last=True, interruptible=False)
        await read_until(socket, "prompt")
        await socket.close()

    our_side.talk = talk
    await run_call(relay(our_side, EVENTS), BargeIn("Hello hello", after_ms=300))

    got = our_side.sockets[0].got
    assert "interrupt" not in [message["type"] for message in got]
    assert "This call is recorded." in [message.get("value") for message in got]


async def test_a_session_that_our_side_drops_is_told_as_a_failure(our_side: OurSide, run_call: RunCall):
    our_side.answer("done", "<Hangup/>")

    async def talk(socket: Socket) -> None:
        await socket.accept()
        await socket.read()
        await socket.close()

    our_side.talk = talk
    await run_call(relay(our_side))

    (asked,) = our_side.asked_for("done")
    assert (asked.fields["SessionStatus"], asked.fields["ErrorCode"]) == ("failed", "64105")


async def test_a_socket_that_cannot_be_opened_is_told_as_a_failure(our_side: OurSide, run_call: RunCall):
    our_side.answer("done", "<Hangup/>")

    async def refuse(socket: Socket) -> None:
        await socket.close()

    our_side.talk = refuse
    await run_call(relay(our_side))

    (asked,) = our_side.asked_for("done")
    assert (asked.fields["SessionStatus"], asked.fields["ErrorCode"]) == ("failed", "64102")


async def test_a_caller_who_hangs_up_completes_the_session(our_side: OurSide, run_call: RunCall):
    our_side.answer("done", "<Hangup/>")

    async def talk(socket: Socket) -> None:
        await socket.accept()
        await socket.read_all()

    our_side.talk = talk
    await run_call(relay(our_side, 'welcomeGreeting="Hello there."'), WaitForAgent(), HangUp())

    (asked,) = our_side.asked_for("done")
    assert (asked.fields["SessionStatus"], asked.fields["CallStatus"]) == ("completed", "completed")


async def test_what_is_not_understood_is_answered_and_the_session_goes_on(our_side: OurSide, run_call: RunCall):
    our_side.answer("done", "<Hangup/>")

    async def talk(socket: Socket) -> None:
        await socket.accept()
        await tell(socket, type="interrupt")
        assert "interrupt" in (await read_until(socket, "error"))["description"]
        await tell(socket, type="end")
        await socket.read_all()

    our_side.talk = talk
    record = await run_call(relay(our_side))

    assert [error.facts["code"] for error in record.errors] == [64107]
