"""What is personal is gone before it is stored: measured on a seeded set, and followed into the spool on disk."""

from __future__ import annotations

import time

import pytest
from django.conf import settings

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from agents.versions import VersionSpec
from calls.ids import is_card, is_national_id
from calls.journal import CallJournal
from calls.models import Call, Turn
from calls.redaction import Kind, Redactor
from calls.spool import Spool, SpoolKey
from tests import factories
from tests.calls.redaction_set import HELD_OUT, scores
from tests.calls.test_journal import eventually

EVERYTHING = frozenset(Kind)
NAMES_OF_THE_BUSINESS = ("Juniper Dental", "Maya")


def redactor(*kinds: Kind, language: str = "en") -> Redactor:
    return Redactor.of(kinds or EVERYTHING, language=language, known=NAMES_OF_THE_BUSINESS)


def test_of_the_seeded_set_next_to_everything_is_found_and_nothing_else_is_taken_for_it() -> None:
    found = scores()

    assert {kind: score.recall for kind, score in found.items() if score.recall < 0.99} == {}
    assert {kind: score.precision for kind, score in found.items() if score.precision < 0.99} == {}


def test_of_sentences_that_were_held_out_numbers_are_found_and_most_names() -> None:
    found = scores(HELD_OUT)

    assert {kind for kind, score in found.items() if score.recall < 0.99} <= {Kind.NAME}
    assert found[Kind.NAME].recall > 0.8


def test_only_the_kinds_that_were_chosen_are_taken_out() -> None:
    said = "My card is 4111 1111 1111 1111, write to maria at gmail dot com."

    assert redactor(Kind.EMAIL).text(said) == "My card is 4111 1111 1111 1111, write to [email]."
    assert Redactor(frozenset()).text(said) == said


def test_a_name_that_was_given_once_is_a_name_from_then_on_and_the_business_keeps_its_own() -> None:
    kept = redactor(Kind.NAME)

    kept.turn("caller", "Hello, my name is Tamsin Okoro.")

    greeted = kept.turn("agent", "Welcome to Juniper Dental, Tamsin! I am Maya.")
    assert greeted == "Welcome to Juniper Dental, [name]! I am Maya."
    assert kept.data({"name": "Okoro", "day": "Tuesday", "guests": 2}) == {
        "name": "[name]",
        "day": "Tuesday",
        "guests": 2,
    }


def test_four_digits_after_a_question_for_the_card_are_part_of_it() -> None:
    kept = redactor(Kind.CARD)
    kept.turn("agent", "What is the number of your card?")

    assert kept.turn("caller", "four one one one") == "[card]"
    assert kept.turn("caller", "one one one one, go on?") == "[card], go on?"
    kept.turn("agent", "Thank you. How many people will you be?")
    assert kept.turn("caller", "One two three, four.") == "One two three, four."


def test_a_number_that_is_said_in_groups_is_gone_in_every_turn_and_in_what_is_said_back() -> None:
    kept = redactor()
    kept.turn("agent", "What is the number of your card?")

    told = [
        ("caller", "four one one one"),
        ("agent", "Go on."),
        ("caller", "one one one one"),
        ("agent", "yes, one one"),
    ]
    told += [
        ("caller", "eleven"),
        ("caller", "eleven, and"),
        ("agent", "And the last four digits?"),
        ("caller", "1111"),
    ]
    said = [kept.turn(speaker, text) for speaker, text in told]

    answers = [
        "[card]",
        "Go on.",
        "[card]",
        "yes, [card]",
        "[card]",
        "[card], and",
        "And the last four digits?",
        "[card]",
    ]
    assert said == answers


def test_a_number_of_which_the_beginning_is_known_goes_on_until_something_else_is_talked_about() -> None:
    kept = redactor()

    said = [kept.turn("caller", text) for text in ("my number is", "two oh eight", "five five five", "oh one four")]
    kept.turn("agent", "Thanks. For how many people shall I book the table?")

    assert said == ["my number is", "[phone]", "[phone]", "[phone]"]
    assert kept.turn("caller", "One two three, four.") == "One two three, four."


def test_a_turn_that_grows_is_understood_as_it_was_before() -> None:
    kept = redactor()
    kept.turn("agent", "What is the number of your card?")

    for text in ("four one one one", "four one one one one one one one", "four one one one one one one one one one"):
        assert kept.turn("caller", text) == "[card]"
    assert kept.turn("agent", "Yes?") == "Yes?"
    assert kept.turn("caller", "one one one one") == "[card]"
    assert kept.turn("caller", "one one") == "[card]"


def test_an_address_with_a_number_in_words_is_gone_as_a_whole() -> None:
    assert redactor().text("It is maria underscore lopez eighty four at yahoo dot co dot uk.") == "It is [email]."


@pytest.mark.parametrize("digits", ["4111111111111111", "378282246310005", "5555555555554444"])
def test_a_card_passes_its_own_check(digits: str) -> None:
    assert is_card(digits)
    assert not is_card(digits[:-1] + str((int(digits[-1]) + 1) % 10))


@pytest.mark.parametrize(
    ("digits", "is_one"),
    [
        ("123456789", True),  # United States
        ("000456789", False),
        ("86095742719", True),  # Germany, for taxes
        ("86095742718", False),
        ("52998224725", True),  # Brazil
        ("11111111111", False),
        ("255081416802538", True),  # France
    ],
)
def test_a_number_of_a_state_passes_the_check_of_that_state(digits: str, is_one: bool) -> None:
    assert is_national_id(digits) is is_one


@pytest.mark.parametrize("evil", ["a ", "one ", "dot ", "a@", "my name is ", "Maria ", "4 ", "x"])
def test_no_text_keeps_it_busy(evil: str) -> None:
    began = time.process_time()

    redactor().turn("caller", evil * 5000)

    assert time.process_time() - began < 5  # what goes wrong here takes minutes


@pytest.mark.parametrize(
    ("recording", "redaction", "insists", "keeps"),
    [(True, [], False, True), (True, ["card"], False, False), (True, ["card"], True, True), (False, [], True, False)],
)
@pytest.mark.django_db
def test_a_voice_cannot_be_redacted_so_it_is_kept_only_where_the_version_insists(
    agent: Agent, recording: bool, redaction: list[str], insists: bool, keeps: bool
) -> None:
    version = factories.make_version(
        agent, number=2, recording=recording, redaction=redaction, redacted_recording=insists
    )

    with tenant_transaction(agent.tenant_id):
        assert VersionSpec.of(version).keeps_recording is keeps


@pytest.mark.django_db(transaction=True)
def test_neither_the_spool_on_disk_nor_the_database_ever_holds_what_was_taken_out(agent: Agent) -> None:
    call = factories.make_call(agent)
    written: list[str] = []
    spool = Spool(lambda: settings.SPOOL_DIR / "journal")
    key = SpoolKey(call.tenant_id, call.pk, 1)
    journal = CallJournal(key, lambda kind: ("offline", "offline"), spool, redactor())
    state = {"speaker": "caller", "kind": "speech", "heard": "I am on two oh eight five five five zero one four seven."}
    state |= {"unheard": "", "exact": True, "interrupted": False, "started_ms": 0, "ended_ms": 1, "timing": {}}

    journal.turn(0, state)
    journal.event("note", 5, {"text": "maria@example.com called", "code": 7})
    try:
        eventually(lambda: bool(written.extend(map(str, spool.peek(call.pk))) or written))
        eventually(lambda: bool(heard(call)))
    finally:
        spool.stop()

    assert "[phone]" in " ".join(written)
    assert not any(secret in " ".join(written) for secret in ("five", "maria"))
    assert heard(call) == ["I am on [phone]."]
    with tenant_transaction(call.tenant_id):
        assert call.events.get().data == {"text": "[email] called", "code": 7}


def heard(call: Call) -> list[str]:
    with tenant_transaction(call.tenant_id):
        return list(Turn.objects.filter(call=call).values_list("heard", flat=True))
