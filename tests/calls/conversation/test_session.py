"""Conversations from the first word to the last, on a virtual clock."""

import asyncio

from agents.providers.ports import EagerEndOfTurn, EndOfTurn, Interim, SpeechStarted, TurnResumed
from calls.conversation.script import Ending
from calls.conversation.turn_taking import Interruption, Policy
from tests.calls.conversation.stage import on_stage
from tests.clock import on_virtual_clock
from tests.fakes import ScriptedModel, Thought


@on_virtual_clock
async def test_the_agent_greets_and_answers_a_question():
    async with on_stage(ScriptedModel("We open at eight.")) as stage:
        await stage.until_quiet()
        await stage.caller_says("when do you open")
        await stage.until_quiet()

        assert stage.journal.transcript() == [
            ("agent", "Hello there."),
            ("caller", "when do you open"),
            ("agent", "We open at eight."),
        ]
        assert [m.content for m in stage.history.messages()][1:] == [
            "Hello there.",
            "when do you open",
            "We open at eight.",
        ]


@on_virtual_clock
async def test_the_stages_of_a_reply_add_up_to_what_the_caller_waited():
    async with on_stage(ScriptedModel("We open at eight."), speculation=False) as stage:
        await stage.until_quiet()
        await stage.caller_says("when do you open")
        await stage.until_quiet()

        timing = stage.journal.turns[2]["timing"]
        assert sum(timing["stages"].values()) == timing["waited_ms"]
        assert timing["stages"] == {"endpointing": 300, "model": 300, "piece": 60, "voice": 100, "sending": 0}


@on_virtual_clock
async def test_a_guess_made_in_the_pause_shortens_the_wait():
    async with on_stage(ScriptedModel("We open at eight."), speculation=True) as stage:
        await stage.until_quiet()
        await stage.caller_says("when do you open")
        await stage.until_quiet()

        timing = stage.journal.turns[2]["timing"]
        assert timing["waited_ms"] < 0.8 * 760
        assert "committed" in timing["stamps"]
        assert len(stage.model.asked) == 1


@on_virtual_clock
async def test_a_wrong_guess_leaves_nothing_but_its_cost():
    model = ScriptedModel("You said cleaning.", "You said a filling.")
    async with on_stage(model) as stage:
        await stage.until_quiet()
        sent = len(stage.line.sent)
        stage.listener.voice()
        stage.listener.say(SpeechStarted(stage.at_ms()))
        stage.listener.say(EagerEndOfTurn("a cleaning", 2000, 2500))
        await asyncio.sleep(0.6)
        assert model.open == 0 or stage.voice.asked[-1] == "You said cleaning."
        assert len(stage.line.sent) == sent

        stage.listener.say(TurnResumed())
        await asyncio.sleep(0.01)
        assert model.open == 0
        stage.listener.say(EndOfTurn("a cleaning and a filling", 2000, 3500))
        await stage.until_quiet()

        said = [text for _, text in stage.journal.transcript()]
        assert said == ["Hello there.", "a cleaning and a filling", "You said a filling."]
        assert "You said cleaning." not in " ".join(m.content for m in stage.history.messages())
        assert stage.journal.used[("llm", "output_tokens", True)] > 0
        assert stage.journal.used[("tts", "characters", True)] == len("You said cleaning.")


@on_virtual_clock
async def test_barge_in_keeps_what_was_heard_and_flags_the_rest():
    model = ScriptedModel("I can offer you Monday at nine, Tuesday at ten, or Friday at noon.", "Monday it is.")
    async with on_stage(model) as stage:
        await stage.until_quiet()
        await stage.caller_says("when can I come")
        await asyncio.sleep(1.5)
        start = stage.at_ms()
        stage.listener.say(SpeechStarted(start))
        stage.listener.say(Interim("Monday please", start, start + 300))
        sent = len(stage.line.sent)
        await asyncio.sleep(0.5)
        assert stage.line.kinds()[sent - 1] == "clear"
        assert len(stage.line.sent) == sent

        stage.listener.say(EndOfTurn("Monday please", start, start + 300))
        await stage.until_quiet()
        reply = stage.journal.turns[2]
        assert reply["interrupted"]
        assert reply["heard"] == "I can offer you"[: len(reply["heard"])]
        assert (reply["heard"] + " " + reply["unheard"]).strip() == (
            "I can offer you Monday at nine, Tuesday at ten, or Friday at noon."
        )
        assert "Friday" not in " ".join(m.content for m in model.asked[-1])


@on_virtual_clock
async def test_a_cough_only_pauses_the_reply():
    model = ScriptedModel("We are open from eight to five on weekdays, and on Saturdays until noon.")
    async with on_stage(model) as stage:
        await stage.until_quiet()
        await stage.caller_says("when are you open")
        await asyncio.sleep(2.0)
        stage.listener.say(SpeechStarted(stage.at_ms()))
        assert stage.line.kinds()[-1] == "clear"
        await stage.until_quiet(3.0)

        assert stage.journal.turns[2]["heard"] == model.thoughts[0].text
        assert not stage.journal.turns[2]["interrupted"]
        assert "resumed_after_noise" in stage.journal.kinds()


@on_virtual_clock
async def test_mm_hm_does_not_take_the_floor():
    model = ScriptedModel("We are open from eight to five on weekdays, and on Saturdays until noon.")
    async with on_stage(model) as stage:
        await stage.until_quiet()
        await stage.caller_says("when are you open")
        await asyncio.sleep(1.5)
        start = stage.at_ms()
        stage.listener.say(SpeechStarted(start))
        stage.listener.say(Interim("mm-hm", start, start + 200))
        stage.listener.say(EndOfTurn("mm-hm", start, start + 200))
        await stage.until_quiet()

        assert stage.journal.turns[2]["heard"] == model.thoughts[0].text
        assert len(model.asked) == 1


@on_virtual_clock
async def test_a_caller_who_goes_on_while_we_think_is_answered_once_for_everything():
    model = ScriptedModel(Thought("First.", first_s=1.5), "Both at once.")
    async with on_stage(model, speculation=False) as stage:
        await stage.until_quiet()
        await stage.caller_says("I would like a cleaning")
        await asyncio.sleep(0.5)
        await stage.caller_says("and a checkup")
        await stage.until_quiet()

        assert stage.journal.transcript() == [
            ("agent", "Hello there."),
            ("caller", "I would like a cleaning and a checkup"),
            ("agent", "Both at once."),
        ]
        assert model.asked[-1][-1].content == "I would like a cleaning and a checkup"
        assert model.open == 0


@on_virtual_clock
async def test_silence_is_asked_about_twice_and_then_ends_the_call():
    async with on_stage(silence_prompts=("Are you there?", "Hello?"), farewell="Goodbye then.") as stage:
        ending = await stage.running

        assert ending is Ending.SILENCE
        said = [text for _, text in stage.journal.transcript()]
        assert said == ["Hello there.", "Are you there?", "Hello?", "Goodbye then."]


@on_virtual_clock
async def test_the_limit_is_announced_and_then_kept():
    async with on_stage(
        max_duration_s=100.0,
        silence_timeout_s=50.0,
        duration_warning="Half a minute left.",
        farewell="Goodbye.",
        silence_prompts=("Hm?",) * 9,
    ) as stage:
        ending = await stage.running

        assert ending is Ending.LIMIT
        said = [text for _, text in stage.journal.transcript()]
        assert "Half a minute left." in said
        assert said[-1] == "Goodbye."
        assert 100_000 < stage.at_ms() < 103_000


@on_virtual_clock
async def test_a_goodbye_is_played_to_its_end_before_the_call_ends():
    async with on_stage(ScriptedModel("Thank you for calling, goodbye. <hang_up/>")) as stage:
        await stage.until_quiet()
        await stage.caller_says("that is all")
        ending = await stage.running

        assert ending is Ending.AGENT
        assert stage.journal.turns[2]["heard"] == "Thank you for calling, goodbye."
        assert stage.line.silent


@on_virtual_clock
async def test_bye_over_the_goodbye_does_not_cut_it():
    async with on_stage(ScriptedModel("Thank you for calling, and have a good day. Goodbye. <hang_up/>")) as stage:
        await stage.until_quiet()
        await stage.caller_says("that is all")
        await asyncio.sleep(1.0)
        await stage.caller_says("bye")
        assert await stage.running is Ending.AGENT
        assert stage.journal.turns[2]["unheard"] == ""


@on_virtual_clock
async def test_a_question_over_the_goodbye_is_answered():
    model = ScriptedModel("Thank you for calling, and have a good day. Goodbye. <hang_up/>", "Yes, behind the house.")
    async with on_stage(model) as stage:
        await stage.until_quiet()
        await stage.caller_says("that is all")
        await asyncio.sleep(1.0)
        await stage.caller_says("wait is there parking")
        await stage.until_quiet()
        assert stage.journal.transcript()[-1] == ("agent", "Yes, behind the house.")


@on_virtual_clock
async def test_a_consent_notice_is_heard_whole_even_if_the_caller_talks_over_it():
    async with on_stage(ScriptedModel("Sure."), consent_notice="This call is recorded.") as stage:
        await asyncio.sleep(0.5)
        await stage.caller_says("hello hello", speak_s=0.3)
        await stage.until_quiet(1.0)
        assert stage.journal.turns[0]["heard"] == "This call is recorded. Hello there."
        assert stage.journal.transcript()[-1] == ("agent", "Sure.")
        answered = stage.journal.turns[max(stage.journal.turns)]["timing"]
        assert answered["waited_ms"] < 500  # what the notice took is not charged to the model


@on_virtual_clock
async def test_an_agent_that_may_not_be_interrupted_answers_afterwards():
    model = ScriptedModel("A long answer that goes on and on for quite a while.", "And no, we do not.")
    async with on_stage(model, policy=Policy.of(Interruption.OFF, 1, ["mm-hm"])) as stage:
        await stage.until_quiet()
        await stage.caller_says("tell me")
        await asyncio.sleep(1.0)
        await stage.caller_says("do you open on Sundays", speak_s=0.5)
        await stage.until_quiet()
        assert "clear" not in stage.line.kinds()
        assert stage.journal.transcript()[-1] == ("agent", "And no, we do not.")


@on_virtual_clock
async def test_typed_lines_and_keys_are_turns():
    model = ScriptedModel("Yes.", "Noted.")
    async with on_stage(model, speculation=False) as stage:
        await stage.until_quiet()
        stage.session.typed("are you there")
        await stage.until_quiet()
        for digit in "12#":
            stage.session.digit(digit)
        await stage.until_quiet()
        assert stage.journal.transcript()[1:] == [
            ("caller", "are you there"),
            ("agent", "Yes."),
            ("caller", "I pressed 1 2."),
            ("agent", "Noted."),
        ]


@on_virtual_clock
async def test_nobody_who_is_writing_is_asked_whether_they_are_there():
    async with on_stage(silence_prompts=("Are you there?",), silence_timeout_s=6.0) as stage:
        await stage.until_quiet()
        for _ in range(10):
            await asyncio.sleep(3.0)
            stage.session.still_typing()
        assert ("agent", "Are you there?") not in stage.journal.transcript()
        await asyncio.sleep(8.0)
        assert ("agent", "Are you there?") in stage.journal.transcript()


@on_virtual_clock
async def test_a_card_number_typed_on_the_keypad_is_not_kept():
    async with on_stage() as stage:
        await stage.until_quiet()
        for digit in "4111111111111111":
            stage.session.digit(digit)
        await stage.until_quiet(2.0)
        assert ("caller", "I pressed 16 keys.") in stage.journal.transcript()
        assert "4111" not in repr(stage.journal)


@on_virtual_clock
async def test_hanging_up_stops_everything_at_once():
    async with on_stage(ScriptedModel("A long answer that goes on and on for quite a while.")) as stage:
        await stage.until_quiet()
        await stage.caller_says("tell me")
        await asyncio.sleep(1.0)
        assert await stage.hang_up() is Ending.CALLER
        assert stage.model.open == 0
        assert stage.journal.turns[2]["unheard"]
