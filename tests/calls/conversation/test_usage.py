"""Whose work a reply was: what a second provider did is not booked on the first, on a virtual clock."""

import asyncio

from agents.providers.fallback import FallbackLanguageModel, FallbackTextToSpeech
from agents.providers.ports import ProviderError, ServedBy
from tests.calls.conversation.stage import on_stage
from tests.calls.conversation.tools import Tools, call
from tests.clock import on_virtual_clock
from tests.fakes import ScriptedModel, SpokenText, Thought

SECOND = ServedBy("second", "small-1")
QUESTION, ANSWER = "when do you open", "We open at eight, every day of the week."


class Both(FallbackLanguageModel):
    """Two scripted models as one."""

    def __init__(self, first: ScriptedModel, second: ScriptedModel) -> None:
        self._both = (first, second)
        super().__init__(first, second, first_s=2.5, gap_s=2.0, on_failure=lambda error: None, second_name=SECOND)

    @property
    def open(self) -> int:
        return sum(model.open for model in self._both)


def dead() -> ScriptedModel:
    return ScriptedModel(Thought(error=ProviderError("llm", "dead")))


@on_virtual_clock
async def test_tokens_of_the_second_model_are_its_own():
    async with on_stage(Both(dead(), ScriptedModel(ANSWER)), speculation=False) as stage:
        await stage.until_quiet()
        await stage.caller_says(QUESTION)
        await stage.until_quiet()

        assert stage.journal.served["input_tokens", SECOND] == 100
        assert ("input_tokens", None) not in stage.journal.served


@on_virtual_clock
async def test_so_they_are_when_the_caller_cuts_it_short_and_they_have_to_be_estimated():
    second = ScriptedModel(Thought(ANSWER, per_word_s=1.0))
    async with on_stage(Both(dead(), second), speculation=False) as stage:
        await stage.until_quiet()
        await stage.caller_says(QUESTION)
        await asyncio.sleep(3.0)
        await stage.hang_up()

        assert second.closed_early == 1
        assert stage.journal.served["output_tokens", SECOND] > 0
        assert ("output_tokens", None) not in stage.journal.served


@on_virtual_clock
async def test_a_first_model_that_answers_again_is_counted_again():
    first = ScriptedModel(Thought(error=ProviderError("llm", "hiccup")), "And at nine on Sundays.")
    async with on_stage(Both(first, ScriptedModel(ANSWER)), speculation=False) as stage:
        for question in (QUESTION, "and on Sundays"):
            await stage.until_quiet()
            await stage.caller_says(question)
        await stage.until_quiet()

        assert stage.journal.served["input_tokens", SECOND] == stage.journal.served["input_tokens", None] == 100


@on_virtual_clock
async def test_rounds_of_one_reply_are_booked_each_on_the_model_that_wrote_it():
    first = ScriptedModel(Thought(error=ProviderError("llm", "hiccup")), ANSWER)
    second = ScriptedModel(Thought(calls=(call("look", day="Friday"),)))
    async with on_stage(Both(first, second), speculation=False, tools=Tools()) as stage:
        await stage.until_quiet()
        await stage.caller_says(QUESTION)
        await stage.until_quiet()

        assert stage.journal.served["input_tokens", SECOND] == stage.journal.served["input_tokens", None] == 100
        assert stage.journal.served["output_tokens", None] == len(ANSWER.split())


@on_virtual_clock
async def test_the_characters_of_a_piece_belong_to_the_voice_that_spoke_it():
    first = SpokenText()
    both = FallbackTextToSpeech(
        first, SpokenText(), first_s=1.0, gap_s=1.0, on_failure=lambda error: None, second_name=SECOND
    )
    async with on_stage(ScriptedModel(ANSWER), both) as stage:
        await stage.until_quiet()
        first.failures.append(ProviderError("tts", "hiccup"))
        await stage.caller_says(QUESTION)
        await stage.until_quiet()

        assert stage.journal.served["characters", SECOND] == len("We open at eight,")
        assert stage.journal.served["characters", None] == len("Hello there.") + len("every day of the week.")


@on_virtual_clock
async def test_what_a_late_model_has_read_is_spent_on_it_and_the_answer_on_the_other():
    first = ScriptedModel(Thought(ANSWER, first_s=9.0))
    async with on_stage(Both(first, ScriptedModel(ANSWER)), speculation=False) as stage:
        await stage.until_quiet()
        await stage.caller_says(QUESTION)
        await stage.until_quiet()

        assert stage.journal.served["input_tokens", SECOND] == 100
        assert stage.journal.served["input_tokens", None] == stage.journal.used["llm", "input_tokens", True] > 0
        assert ("output_tokens", None) not in stage.journal.served
