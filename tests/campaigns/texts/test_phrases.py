"""Our own sentences, in every language that we have."""

from __future__ import annotations

import string
from dataclasses import fields
from typing import Any

import pytest

from agents.languages import for_the_carrier
from calls.conversation.stopping import LANGUAGES as STOPPING
from calls.conversation.stopping import find_stop
from calls.platform_sentences import LANGUAGES as PLATFORM
from calls.platform_sentences import platform_sentences
from campaigns.texts import phrases
from campaigns.texts.phrasebook import BOOKS, Book
from campaigns.texts.phrases import Caller

KEYS = {"1": "confirmed", "2": "rescheduled", "3": "canceled", "4": "wrong_person", "0": "agent"}
STOP_WORDS = {"en": "stop", "es": "basta", "fr": "stop", "de": "Stopp", "pt": "pare", "it": "basta"}


def words(book: Book) -> dict[str, str]:
    found: dict[str, str] = {}
    for field in fields(book):
        value: Any = getattr(book, field.name)
        found |= {f"{field.name}.{name}": text for name, text in value.items()} if isinstance(value, dict) else {}
        found |= {field.name: value} if isinstance(value, str) else {}
    return found


@pytest.mark.parametrize("language", BOOKS)
def test_every_sentence_is_there_and_names_what_the_english_one_names(language: str) -> None:
    own, english = words(BOOKS[language]), words(BOOKS["en"])

    assert own.keys() == english.keys()
    for name, text in own.items():
        named = {field for _, field, _, _ in string.Formatter().parse(text) if field}
        assert named == {field for _, field, _, _ in string.Formatter().parse(english[name]) if field}, name
        assert text.strip(), name


@pytest.mark.parametrize("language", BOOKS)
def test_a_call_begins_with_who_calls_and_how_to_stop_it(language: str) -> None:
    caller = Caller("Juniper Dental", "+12085550110", language)

    for opening in (phrases.identification(caller), phrases.introduction_of_agent(caller)):
        first, how = opening.partition("9")[0], opening
        assert "Juniper Dental" in first
        assert STOP_WORDS[language] in how


@pytest.mark.parametrize("language", BOOKS)
def test_the_word_that_we_offer_to_stop_calls_is_understood(language: str) -> None:
    found = find_stop(STOP_WORDS[language])

    assert found is not None
    assert found.is_certain


@pytest.mark.parametrize("language", BOOKS)
def test_nothing_that_we_say_is_itself_an_answer_to_the_offer_of_keys(language: str) -> None:
    caller = Caller("Juniper Dental", language=language)
    offers = phrases.offers(caller, KEYS, "Hello Rosa.")

    assert all(key in offers for key in KEYS)
    assert phrases.offers(caller, KEYS, offers) == ""  # a message that tells its keys itself


@pytest.mark.parametrize(
    ("asked", "begins"),
    [
        ("es-MX", "Esta es una llamada"),
        ("es_419", "Esta es una llamada"),
        ("pt-PT", "Esta é uma ligação"),
        ("FR-ca", "Ceci est un appel"),
        ("nl", "This is an automated call"),
        ("", "This is an automated call"),
    ],
)
def test_a_region_falls_back_to_its_language_and_an_unknown_one_to_english(asked: str, begins: str) -> None:
    assert phrases.identification(Caller("Juniper Dental", language=asked)).startswith(begins)


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [("es", "es-US"), ("es-MX", "es-MX"), ("es-419", "es-US"), ("pt", "pt-BR"), ("de-AT", "de-DE"), ("nl-NL", "nl-NL")],
)
def test_the_carrier_is_asked_for_a_voice_that_it_has(asked: str, spoken: str) -> None:
    assert for_the_carrier(asked) == spoken


def test_a_number_is_said_digit_by_digit_in_every_language() -> None:
    assert "two zero eight" in phrases.identification(Caller("Juniper Dental", "+12085550110", "en-US"))
    assert "2 0 8 5 5 5 0 1 1 0" in phrases.identification(Caller("Juniper Dental", "+12085550110", "de"))


def test_what_the_platform_says_is_there_in_the_same_languages() -> None:
    assert PLATFORM.keys() == BOOKS.keys() == STOPPING.keys()
    assert platform_sentences("de-CH").busy.startswith("Es tut uns leid")
    assert len({sentences.apology for sentences in PLATFORM.values()}) == len(PLATFORM)


def test_a_name_in_braces_stays_a_name() -> None:
    assert "{number} & Sons" in phrases.identification(Caller("{number} & Sons"))
