"""A call that goes on in another language: by the wish of the model, and by what the caller speaks."""

import pytest

from calls.conversation.languages import Languages
from calls.conversation.sentences import Pieces
from tests.calls.conversation.stage import Stage, on_stage
from tests.clock import on_virtual_clock
from tests.fakes import ScriptedModel, SpokenText, Thought

SPANISH = {"farewell": "Adiós.", "silence_prompts": ("¿Sigue ahí?",), "apology": "Lo siento."}


class Polyglot(SpokenText):
    """Notes what it said in which language."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[str, str]] = []
        self._language = ""

    def voice_in(self, language: str) -> "Polyglot":
        self._language = language
        return self

    def speak(self, piece: str):  # type: ignore[no-untyped-def]
        self.said.append((self._language, str(piece)))
        return super().speak(piece)


def spanish_too() -> Languages:
    return Languages("en-US", ("es-US",), {"fr": "none of the voices speaks it"})


def languages_of(stage: Stage) -> list[str]:
    return [turn["extras"].get("language", "") for _, turn in sorted(stage.journal.turns.items())]


@pytest.mark.parametrize(
    ("wish", "found"),
    [("es", "es-US"), ("ES-us", "es-US"), ("es_MX", "es-US"), ("en-GB", "en-US"), ("it", ""), ("", "")],
)
def test_a_language_is_found_exactly_or_nearly(wish: str, found: str):
    assert spanish_too().find(wish) == found


def test_the_model_knows_what_it_can_speak_and_why_it_cannot_speak_the_rest():
    told = spanish_too().for_the_model()

    assert "<language es-US/>" in told
    assert "You cannot speak fr in this call: none of the voices speaks it." in told
    assert Languages("en-US").for_the_model() == ""


def test_what_stands_before_the_mark_is_said_in_the_language_before_it():
    cutter = Pieces()
    pieces = [
        piece
        for token in ("Sure, ", "of course ", "<language ", "es/> ", "Claro que", " sí.")
        for piece in cutter.feed(token)
    ]

    assert [(piece, piece.language) for piece in pieces] == [("Sure, of course", ""), ("Claro que sí.", "es")]
    assert cutter.language == "es"


@on_virtual_clock
async def test_everybody_goes_on_in_the_language_that_the_model_asks_for():
    model, voice = ScriptedModel("<language es/> Claro. ¿Qué día?", "El lunes."), Polyglot()
    script = {"silence_timeout_s": 4.0, "silence_prompts": ("Still there?",), "translate": lambda language: SPANISH}
    async with on_stage(model, voice, languages=spanish_too(), **script) as stage:
        await stage.until_quiet()
        await stage.caller_says("habla español por favor")
        await stage.until_quiet()
        await stage.caller_says("el lunes")
        await stage.until_quiet(5.0)

        assert voice.said[0] == ("en-US", "Hello there.")
        assert {language for language, text in voice.said[1:]} <= {"es", "es-US"}
        assert ("es-US", "¿Sigue ahí?") in voice.said
        assert stage.listener.languages == ["es-US"]
        assert languages_of(stage)[:5] == ["", "", "es-US", "es-US", "es-US"]
        assert "goes on in es-US" in model.asked[1][0].content
        assert stage.journal.kinds().count("language") == 1


@on_virtual_clock
async def test_a_guess_changes_no_language_before_it_is_certain():
    model = ScriptedModel("<language es/> Claro.", "Of course.")
    async with on_stage(model, languages=spanish_too()) as stage:
        await stage.until_quiet()
        stage.session._agent.speculate("habla")
        await stage.sound(1.0)
        assert stage.session._agent.guess is not None
        assert stage.listener.languages == []
        await stage.caller_says("I do not know what to say")
        await stage.until_quiet()

        assert stage.journal.transcript()[-1] == ("agent", "Of course.")
        assert stage.listener.languages == []


@on_virtual_clock
async def test_a_language_that_cannot_be_spoken_changes_nothing():
    voice = Polyglot()
    async with on_stage(ScriptedModel("<language fr/> I am sorry."), voice, languages=spanish_too()) as stage:
        await stage.until_quiet()
        await stage.caller_says("parlez-vous français")
        await stage.until_quiet()

        assert stage.listener.languages == []
        assert languages_of(stage) == ["", "", ""]


@on_virtual_clock
@pytest.mark.parametrize(("text", "goes_over"), [("okay", []), ("quiero una cita mañana", ["es-US"])])
async def test_a_caller_goes_over_to_another_language_with_more_than_a_word(text: str, goes_over: list[str]):
    model = ScriptedModel("Claro.")
    async with on_stage(model, languages=spanish_too()) as stage:
        await stage.until_quiet()
        await stage.caller_says(text, language="es")
        await stage.until_quiet()

        assert stage.listener.languages == goes_over
        assert ("goes on in es-US" in model.asked[-1][0].content) == bool(goes_over)
        assert languages_of(stage)[1:] == ["es-US" if goes_over else ""] * 2


def test_the_model_is_told_the_day_in_the_language_that_the_call_goes_on_in():
    languages = Languages("en-US", ("es-US",), today_in=lambda language: f"sábado ({language})")

    assert languages.now() == ""
    assert languages.goes_on_in("es-US").endswith("Today is sábado (es-US).")
    languages.current = "es-US"
    assert languages.now() == languages.goes_on_in("es-US")


@on_virtual_clock
async def test_a_call_that_another_process_held_in_a_language_goes_on_in_it():
    model, voice = ScriptedModel("El lunes."), Polyglot()
    languages = Languages("en-US", ("es-US",), current="es-US")
    script = {"opening": ("Ya estoy de vuelta.",), "translate": lambda language: SPANISH}
    async with on_stage(model, voice, languages=languages, **script) as stage:
        await stage.until_quiet()
        await stage.caller_says("el lunes")
        await stage.until_quiet()

        assert languages_of(stage) == ["es-US"] * 3
        assert stage.session._script.farewell == "Adiós."
        assert "goes on in es-US" in model.asked[0][0].content


# Ears that are lost --------------------------------------------------------------------------------------

FIRST = "On Monday at nine there is still a place for you, and you may bring along whomever you like to bring."
LONG = f"{FIRST} On Tuesday I have ten and eleven. On Friday only noon is left."


@on_virtual_clock
async def test_ears_that_are_lost_for_good_do_not_cut_the_sentence_that_is_being_said():
    async with on_stage(ScriptedModel(Thought(LONG, per_word_s=0.1)), apology="I am sorry. Goodbye.") as stage:
        await stage.until_quiet()
        await stage.caller_says("when can I come")
        await stage.sound(1.5)
        stage.lose_ears()
        began = stage.loop.time()
        await stage.running

        assert stage.journal.turns[2]["heard"] == FIRST
        assert not stage.journal.turns[2]["interrupted"]
        assert stage.journal.transcript()[-1] == ("agent", "I am sorry. Goodbye.")
        assert stage.line.longest_silence_s(began, stage.loop.time()) < 1.0


@on_virtual_clock
async def test_a_notice_is_said_whole_before_the_apology():
    notice = "This call is recorded. An assistant speaks with you."
    async with on_stage(consent_notice=notice, apology="I am sorry. Goodbye.") as stage:
        await stage.sound(0.5)
        stage.lose_ears()
        await stage.running

        assert [heard for _, heard in stage.journal.transcript()] == [f"{notice} Hello there.", "I am sorry. Goodbye."]


@on_virtual_clock
async def test_without_ears_nobody_waits_for_an_answer_that_has_not_begun():
    async with on_stage(ScriptedModel(Thought("Yes.", first_s=5.0)), apology="I am sorry. Goodbye.") as stage:
        await stage.until_quiet()
        await stage.caller_says("when can I come")
        stage.lose_ears()
        await stage.running

        assert stage.journal.transcript()[2:] == [("agent", "I am sorry. Goodbye.")]
