"""Keys in the conversation: those that a caller is asked for, and those that the agent presses."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from calls.conversation.tones import tones
from calls.engines import AudioEngine
from calls.equipment import Equipment
from tests.calls.conversation.stage import on_stage
from tests.calls.conversation.tools import ENTRY, Acting, call, pairs
from tests.clock import on_virtual_clock
from tests.fakes import ScriptedModel, Thought


@on_virtual_clock
async def test_keys_that_were_asked_for_reach_the_model_while_the_conversation_goes_on():
    model = ScriptedModel(
        Thought("Please enter your number, then pound.", (call("collect_digits", **ENTRY),)), "Thank you, 1 2 3 4."
    )
    async with on_stage(model, tools=Acting()) as stage:
        await stage.until_quiet()
        await stage.caller_says("I have a number")
        await stage.until_quiet()
        for key in "1234#":
            stage.session.digit(key)
            await asyncio.sleep(0.4)
        await stage.until_quiet()

        assert pairs(model.asked[-1]) == [("collect_digits", "The caller entered 1 2 3 4.")]
        assert stage.journal.transcript()[-1] == ("agent", "Thank you, 1 2 3 4.")


@pytest.mark.parametrize(("secret", "digits"), [(True, "9876"), (False, "4111111111111111")])
def test_keys_that_nobody_should_read_are_in_no_record_and_no_model_sees_them(secret: bool, digits: str):
    @on_virtual_clock
    async def scenario():
        model = ScriptedModel(
            Thought("Your PIN?", (call("collect_digits", **(ENTRY | {"secret": secret})),)), "Thanks."
        )
        async with on_stage(model, tools=Acting(), stopped="We will not call again.") as stage:
            await stage.until_quiet()
            await stage.caller_says("Here it comes")
            await stage.until_quiet()
            for key in f"{digits}#":
                stage.session.digit(key)
                await asyncio.sleep(1.0)  # slower than the key that ends all calls has to be
            await stage.until_quiet()

            seen = repr([model.asked, stage.journal, stage.line.shown])
            assert digits not in seen
            assert " ".join(digits) not in seen
            assert f"entered {len(digits)} keys" in pairs(model.asked[-1])[0][1]
            assert stage.session.acts.entries == {"[entry 1]": digits}
            assert not stage.running.done()

    scenario()


@pytest.mark.parametrize(
    ("length", "first", "rest", "said"),
    [
        (None, "41111111", "22334455#", ["I pressed 8 keys."]),  # looks at the card for a while
        (4, "9876", "54", ["I pressed 2 keys."]),
        (4, "9876", "#", []),  # pressed out of habit
    ],
)
def test_what_is_pressed_right_after_a_hidden_entry_is_hidden_too(
    length: int | None, first: str, rest: str, said: list[str]
):
    @on_virtual_clock
    async def scenario():
        arguments = ENTRY | {"secret": True, "length": length}
        model = ScriptedModel(Thought("Your card?", (call("collect_digits", **arguments),)), "Thanks.", "And the rest?")
        async with on_stage(model, tools=Acting()) as stage:
            await stage.until_quiet()
            await stage.caller_says("Here it comes")
            await stage.until_quiet()
            for keys in (first, rest):
                for key in keys:
                    stage.session.digit(key)
                    await asyncio.sleep(0.3)
                await asyncio.sleep(7.0)

            assert [text for who, text in stage.journal.transcript() if who == "caller"][1:] == said
            seen = repr([model.asked, stage.journal, stage.line.shown])
            assert not any(" ".join(keys.strip("#")) in seen for keys in (first, rest) if keys != "#")
            assert stage.session.acts.entries == {"[entry 1]": first}

    scenario()


@on_virtual_clock
async def test_the_tones_of_hidden_keys_are_in_no_recording_and_nobody_who_listens_hears_them():
    model = ScriptedModel(Thought("Your PIN?", (call("collect_digits", **(ENTRY | {"secret": True})),)), "Thanks.")
    async with on_stage(model, tools=Acting()) as stage:
        engine = AudioEngine(
            cast(Equipment, SimpleNamespace(listener=None, model=None, languages=None, goes_on_in=None)),
            stage.line,
            recording="",
            earlier_ms=0,
        )
        heard = list[bytes]()
        engine.tap.give = heard.append
        engine.attach(stage.session)

        async def kept(tone: int) -> bool:
            """Whether this sound of the caller reaches somebody who listens."""
            engine.tap.open(0.5)
            for _ in range(5):
                engine.hear(bytes([tone]) * 160)
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.5)
            return tone in b"".join(heard)

        await stage.until_quiet()
        await stage.caller_says("Here it comes")
        await stage.until_quiet()
        assert not await kept(0x11)
        for key in "98#":
            stage.session.digit(key)
        assert await kept(0x12)
        stage.session.digit("7")  # the rest of it, after all
        assert not await kept(0x13)


@on_virtual_clock
async def test_keys_that_do_not_come_are_not_waited_for_for_ever():
    model = ScriptedModel(Thought("Your PIN?", (call("collect_digits", **ENTRY),)), "Never mind.")
    async with on_stage(model, tools=Acting()) as stage:
        await stage.until_quiet()
        await stage.caller_says("I have a number")
        await asyncio.sleep(25.0)

        assert pairs(model.asked[-1]) == [("collect_digits", "The caller entered nothing.")]


@on_virtual_clock
async def test_keys_are_pressed_after_what_was_said_before_them():
    model = ScriptedModel(Thought("One moment.", (call("send_digits", digits="1w2"),)), "Done.")
    async with on_stage(model, tools=Acting()) as stage:
        await stage.until_quiet()
        await stage.caller_says("Press one for appointments")
        await stage.until_quiet()

        sounds = b"".join(audio for _, kind, audio in stage.line.sent if kind == "audio")
        assert tones("1w2") in sounds
        assert stage.journal.transcript()[-1] == ("agent", "One moment. Done.")


@on_virtual_clock
async def test_nobody_waits_for_keys_after_the_call():
    async with on_stage(
        ScriptedModel(Thought("Your PIN?", (call("collect_digits", **ENTRY),))), tools=Acting()
    ) as stage:
        await stage.until_quiet()
        await stage.caller_says("I have a number")
        await stage.until_quiet()
        await stage.hang_up()
        over = stage.loop.time()
        await stage.toolbox.close(within_s=10.0)

        assert stage.loop.time() == over
