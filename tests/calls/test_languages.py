"""A call in another language, on its way to the page of the call and to the next process."""

from datetime import UTC, datetime
from typing import Any

from agents.spoken_languages import wished
from agents.versions import VersionSpec
from calls.conversation.script import Script
from calls.equipment import Equipment
from calls.lineup import Lineup
from calls.models import CallEvent, Turn
from calls.platform_sentences import platform_sentences
from calls.redaction import Redactor
from calls.resumption import _earlier
from calls.scripts import CallTexts
from calls.transcripts import Said
from calls.wording import happening
from tests import factories
from tests.clock import on_virtual_clock
from tests.telephony.relay_specs import relay_spec

SPANISH = [{"language": "es", "voice": ""}]


def spec(**chosen: Any) -> VersionSpec:
    usual = {"stt_provider": "deepgram", "stt_model": "nova-3", "other_languages": SPANISH}
    return relay_spec(**(usual | chosen))


def turn(at_ms: int, **extras: str) -> dict[str, Any]:
    return {"speaker": "caller", "kind": "speech", "heard": "hola", "started_ms": at_ms, "extras": extras}


def test_the_next_process_goes_on_in_the_language_of_the_last_turn():
    assert _earlier([turn(2, language="es"), turn(1)], (), None, 0).language == "es"
    assert _earlier([turn(1, language="es"), turn(2)], (), None, 0).language == ""


@on_virtual_clock
async def test_it_begins_with_ears_voice_and_bridge_in_that_language():
    equipment = Equipment(Lineup(spec()), language="es")

    assert equipment.languages.current == "es"
    assert equipment.voice_in("es")._voice.language == "es"
    assert equipment.voice_in("en")._voice.language == "en-US"
    assert script(resumed=True, language="es").opening == (platform_sentences("es").bridge,)
    assert Equipment(Lineup(spec()), language="fr").languages.is_own


def script(**about: Any) -> Script:
    version = spec(silence_prompts=["Still there?"], duration_warning="Half a minute left.", farewell="Bye.")
    texts = CallTexts(version, business="Juniper", caller_number="", at=factories.now())
    return texts.script(**({"resumed": False, "speculation": False} | about))


def test_the_fixed_sentences_go_over_to_another_language_and_back():
    said, spanish = script(), platform_sentences("es")

    said.go_on_in("es")
    assert (said.farewell, said.apology) == (spanish.farewell, spanish.apology)
    assert said.silence_prompts == (spanish.still_there,)
    assert said.duration_warning == spanish.time_is_short
    assert said.stopped == ""  # in a call that nobody can be taken off the list of

    said.go_on_in("en-US")
    assert (said.farewell, said.silence_prompts) == ("Bye.", ("Still there?",))


def test_a_greeting_names_the_day_in_the_language_of_the_agent_and_a_switch_in_the_one_that_follows():
    at = datetime(2026, 11, 21, 17, 42, tzinfo=UTC)
    own = {"language": "es", "greeting": "Hoy es {{today}}.", "timezone": "America/Boise"}
    texts = CallTexts(spec(**own, other_languages=[]), business="Juniper", caller_number="", at=at)

    assert texts.opening().text == "Hoy es sábado, 21 de noviembre."
    assert texts.today_in("en-US") == "Saturday, November 21"
    assert "- Date: 2026-11-21" in texts.system_prompt()


def test_personal_data_is_taken_out_by_the_rules_of_the_language_that_is_spoken():
    redactor = Redactor.of(["card"], language="en-US", known=())
    number = "mi tarjeta es cuatro uno uno uno uno uno uno uno uno uno uno uno uno uno uno uno"
    assert "cuatro" in redactor.turn("caller", number)

    redactor.hear("es-US")
    assert "cuatro" not in redactor.turn("caller", number)


def test_the_page_of_the_call_says_the_language():
    spoken, own = (Turn(index=1, started_ms=0, extras=extras) for extras in ({"language": "es"}, {}))
    assert Said(spoken, None, "", is_coming=False).language == "Spanish"
    assert Said(own, None, "", is_coming=False).language == ""
    assert happening(CallEvent(kind="language", data={"to": "es"})).text == "The call goes on in Spanish."


def test_languages_that_were_written_by_hand_once_are_read_on():
    before = spec(other_languages=[], transport_options={"languages": "es-US, fr-CA"}).to_json()

    assert wished(VersionSpec.from_json(before)) == ("en-US", "es-US", "fr-CA")
    assert VersionSpec.from_json(before).transport_options == {}
