"""People of the business in a running call: they whisper, hang up, speak in the agent's place, and give back."""

from __future__ import annotations

import asyncio

from agents.providers.ports import EndOfTurn, ProviderError
from calls.conversation.commands import Answer, Command, GiveBack, HangUp, Listen, TakeOver, Whisper, decode, encode
from calls.conversation.operator_side import Microphone
from calls.conversation.script import Ending
from tests.calls.conversation.stage import Stage, on_stage
from tests.clock import on_virtual_clock
from tests.fakes import ScriptedModel, Thought

KEY = "0" * 32
PRIYA = TakeOver("Priya Nair", KEY)
MOVED = Microphone("Priya Nair", KEY), 0.4  # seconds before the line was there
VOICE = bytes([7]) * 160
LONG = "There is a lot to say about that, and I will say all of it now, one word after the other, until you stop me."


async def speaks(stage: Stage, seconds: float, key: str = KEY) -> None:
    """Sound of an operator's microphone, as it comes."""
    until = stage.loop.time() + seconds
    while stage.loop.time() < until:
        stage.session.operator_speaks(key, VOICE)
        await asyncio.sleep(0.02)


def audio_since(stage: Stage, at: float) -> bytes:
    return b"".join(audio for sent_at, kind, audio in stage.line.sent if kind == "audio" and sent_at >= at)


@on_virtual_clock
async def test_a_whisper_reaches_the_model_and_nobody_else():
    model = ScriptedModel("Would 3 PM suit you?")
    async with on_stage(model) as stage:
        await stage.until_quiet()
        assert stage.session.command(Whisper("Priya Nair", "Offer her the 3 PM slot.")) is Answer.DONE
        await stage.caller_says("when can I come")
        await stage.until_quiet()

        told = model.asked[-1][0].content
        assert told.startswith("You are June.")
        assert "Offer her the 3 PM slot." in told
        assert stage.journal.transcript() == [
            ("agent", "Hello there."),
            ("caller", "when can I come"),
            ("agent", "Would 3 PM suit you?"),
        ]
        assert ("whispered", {"by": "Priya Nair", "text": "Offer her the 3 PM slot."}) in [
            (kind, data) for kind, _, data in stage.journal.events
        ]


@on_virtual_clock
async def test_a_guess_that_was_made_before_a_whisper_is_not_said():
    model = ScriptedModel("We are full.", "Three o'clock is free.")
    async with on_stage(model) as stage:
        await stage.until_quiet()
        speaking = asyncio.ensure_future(stage.caller_says("when can I come", endpointing_s=1.0))
        await asyncio.sleep(1.5)
        assert len(model.asked) == 1
        stage.session.command(Whisper("Priya Nair", "Three is free."))
        await speaking
        await stage.until_quiet()

        assert stage.journal.transcript()[-1] == ("agent", "Three o'clock is free.")


@on_virtual_clock
async def test_whoever_hangs_up_politely_lets_the_agent_say_goodbye():
    async with on_stage(farewell="Goodbye, and thank you.") as stage:
        await stage.until_quiet()
        assert stage.session.command(HangUp("Priya Nair")) is Answer.DONE

        assert await stage.running is Ending.OPERATOR
        assert stage.journal.transcript()[-1] == ("agent", "Goodbye, and thank you.")
        assert stage.session.command(HangUp("Priya Nair")) is Answer.OVER


@on_virtual_clock
async def test_whoever_hangs_up_at_once_ends_it_in_the_middle_of_a_word():
    async with on_stage(ScriptedModel(LONG)) as stage:
        await stage.until_quiet()
        await stage.caller_says("tell me")
        await asyncio.sleep(2)
        stage.session.command(HangUp("Priya Nair", at_once=True))
        at = stage.loop.time()

        assert await stage.running is Ending.OPERATOR
        assert stage.loop.time() == at
        assert not audio_since(stage, at)


@on_virtual_clock
async def test_the_agent_is_quiet_in_the_middle_of_a_word_when_somebody_takes_over():
    async with on_stage(ScriptedModel(LONG)) as stage:
        await stage.until_quiet()
        await stage.caller_says("tell me")
        await asyncio.sleep(2)
        assert stage.session.command(PRIYA) is Answer.DONE
        at = stage.loop.time()
        assert stage.line.sent[-1][:2] == (at, "clear")
        await speaks(stage, 5)

        assert set(audio_since(stage, at)) == {7}
        assert stage.journal.turns[2]["interrupted"]
        assert abs(len(audio_since(stage, at)) - 5 * 8000) <= len(VOICE)


@on_virtual_clock
async def test_what_both_say_then_stands_in_the_transcript_and_the_agent_knows_it_when_it_goes_on():
    model = ScriptedModel("So you come at three, with twenty percent off.")
    async with on_stage(model) as stage:
        await stage.until_quiet()
        stage.session.command(PRIYA)
        talking = asyncio.ensure_future(speaks(stage, 8))
        await stage.caller_says("can I have it for less")
        stage.operator_ears.say(EndOfTurn("You get twenty percent off.", 2000, 3500))
        await asyncio.sleep(4)
        assert model.asked == []
        assert stage.session.command(GiveBack(KEY)) is Answer.DONE
        await stage.until_quiet()
        await talking

        read = [message.content for message in model.asked[0]]
        assert "Priya Nair" in read[0]
        assert read[-2:] == ["can I have it for less", "[Priya Nair: You get twenty percent off.]"]
        assert stage.journal.transcript()[-1] == ("agent", "So you come at three, with twenty percent off.")
        said = next(turn for turn in stage.journal.turns.values() if turn["kind"] == "person")
        assert (said["heard"], said["extras"]) == ("You get twenty percent off.", {"by": "Priya Nair"})


@on_virtual_clock
async def test_a_lost_connection_never_leaves_the_caller_in_silence():
    async with on_stage(came_back="I am with you again.") as stage:
        await stage.until_quiet()
        stage.session.command(PRIYA)
        await speaks(stage, 4)
        since = stage.loop.time()
        await asyncio.sleep(5)

        assert stage.journal.transcript()[-1] == ("agent", "I am with you again.")
        assert ("given_back", {"by": "Priya Nair", "lost": True}) in [
            (kind, data) for kind, _, data in stage.journal.events
        ]
        assert stage.line.longest_silence_s(since, since + 4) < 3.5


@on_virtual_clock
async def test_who_was_understood_by_nobody_is_kept_as_the_time_in_which_they_talked():
    async with on_stage() as stage:
        stage.operator_ears.lost.set_result(ProviderError("stt", "away", code="away"))
        await stage.until_quiet()
        stage.session.command(PRIYA)
        began = stage.at_ms()
        await speaks(stage, 6)
        stage.session.command(GiveBack(KEY))
        await stage.until_quiet()

        talked = next(turn for turn in stage.journal.turns.values() if turn["kind"] == "person")
        assert (talked["heard"], talked["started_ms"]) == ("", began)
        assert abs(talked["ended_ms"] - began - 6000) <= 20


@on_virtual_clock
async def test_one_person_speaks_at_a_time():
    async with on_stage() as stage:
        await stage.until_quiet()
        stage.session.command(PRIYA)
        other = "f" * 32

        assert stage.session.command(TakeOver("Omar Haddad", other)) is Answer.TAKEN
        assert stage.session.command(GiveBack(other)) is Answer.TAKEN
        at = stage.loop.time()
        await speaks(stage, 1, key=other)
        assert not audio_since(stage, at)


@on_virtual_clock
async def test_a_burst_of_late_sound_is_left_out_rather_than_played_behind_time():
    async with on_stage() as stage:
        await stage.until_quiet()
        stage.session.command(PRIYA)
        at = stage.loop.time()
        for _ in range(200):
            stage.session.operator_speaks(KEY, VOICE)

        assert len(audio_since(stage, at)) <= 0.5 * 8000


@on_virtual_clock
async def test_the_agents_time_does_not_run_while_a_person_speaks():
    async with on_stage(max_duration_s=20.0, farewell="Goodbye.") as stage:
        await stage.until_quiet()
        stage.session.command(PRIYA)
        await speaks(stage, 40)
        assert not stage.running.done()
        stage.session.command(GiveBack(KEY))
        await stage.until_quiet()
        assert not stage.running.done()

        assert await asyncio.wait_for(stage.running, 200) is Ending.SILENCE


@on_virtual_clock
async def test_a_caller_who_hangs_up_on_a_person_ends_the_call():
    async with on_stage(ScriptedModel(Thought("Fine."))) as stage:
        await stage.until_quiet()
        stage.session.command(PRIYA)

        assert await stage.hang_up() is Ending.CALLER
        assert stage.session.command(Whisper("Priya Nair", "Hello?")) is Answer.OVER


def test_a_command_travels_as_it_is_and_anything_else_is_refused():
    commands: list[Command] = [Whisper("P", "Say “hi”"), HangUp("P", at_once=True), Listen("P", begins=True), PRIYA]
    for command in commands:
        assert decode(encode(command, "here")) == (command, "here")
    for broken in (b"", b"{}", b"[]", b'{"kind": "Whisper", "reply_to": "x", "shout": 1}', b'{"kind": 3}', b"\xff"):
        try:
            decode(broken)
        except ValueError:
            continue
        raise AssertionError(broken)


@on_virtual_clock
async def test_a_caller_whose_call_is_moved_is_asked_to_wait_once_where_nobody_has_come_for_too_long():
    async with on_stage(opening=("We were cut off.",), moved=MOVED) as stage:
        await asyncio.sleep(0.7)
        assert stage.journal.transcript() == []
        await stage.until_quiet()
        assert stage.journal.transcript() == [("agent", "One moment, please.")]
        await speaks(stage, 4.0)
        assert stage.journal.transcript() == [("agent", "One moment, please.")]
        assert VOICE in audio_since(stage, 1.0)


@on_virtual_clock
async def test_a_caller_whose_call_is_moved_hears_nobody_but_the_person_who_is_there_at_once():
    async with on_stage(opening=("We were cut off.",), moved=MOVED) as stage:
        await speaks(stage, 4.0)
        assert stage.journal.transcript() == []
        assert set(audio_since(stage, 0)) == {7}
