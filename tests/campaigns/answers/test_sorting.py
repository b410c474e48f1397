from __future__ import annotations

import pytest

from campaigns.answers.sorting import Meaning, sort

CERTAIN = {
    Meaning.STOP: [
        "Stop.",
        "Please stop",
        "stop calling me",
        "Yes, but please stop calling.",
        "Don't call me again",
        "do not call this number",
        "Never call me anymore!",
        "Take me off your list",
        "remove my number please",
        "I want to opt out",
        "No more calls, thank you",
        "just leave me alone",
        "Don\u2019t call us any more",
    ],
    Meaning.WRONG_PERSON: [
        "You have the wrong number",
        "You have reached the wrong number",
        "There is nobody here by that name",
        "She doesn't live here",
        "I'm not him",
    ],
    Meaning.RESCHEDULE: [
        "Can we reschedule?",
        "I need another day",
        "Could you move my appointment to the afternoon",
        "I can't make it, can we find a different time?",
        "Next week would be good",
    ],
    Meaning.CANCEL: [
        "Please cancel",
        "Yes, I'd like to cancel",
        "I can't make it",
        "I won't be there",
        "we are not coming",
    ],
    Meaning.CONFIRM: [
        "Yes",
        "yes please, thank you",
        "I confirm",
        "I'll be there",
        "That works for me",
        "sounds good, see you then",
        "okay",
    ],
    Meaning.AGAIN: [
        "Hello?",
        "Who is this?",
        "Please state your name and the reason for calling",
        "say that again",
        "Hi, if you record your name and reason for calling, I'll see if this person is available.",
        "Hi, this is Dana. I can't come to the phone right now. Please leave a message after the tone.",
        "You have reached the Delgado family.",
    ],
}


@pytest.mark.parametrize(("said", "meaning"), [(said, meaning) for meaning, all_ in CERTAIN.items() for said in all_])
def test_a_plain_answer_is_certain(said: str, meaning: Meaning) -> None:
    found = sort(said)

    assert (found.meaning, found.is_sure) == (meaning, True)


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("Don't call me before nine", Meaning.STOP),
        ("do not call me at work", Meaning.STOP),
        ("the bus will not stop here", Meaning.STOP),
        ("yes but not at nine", Meaning.CONFIRM),
        ("No", Meaning.CANCEL),
        ("the weather is nice", Meaning.OTHER),
        ("", Meaning.OTHER),
        ("?!", Meaning.OTHER),
    ],
)
def test_what_could_mean_two_things_is_left_to_a_person(said: str, meaning: Meaning) -> None:
    found = sort(said)

    assert (found.meaning, found.is_sure) == (meaning, False)


@pytest.mark.parametrize("said", ["I'll stop by tomorrow, that works", "yes, I will stop in at nine"])
def test_to_stop_by_is_not_to_stop(said: str) -> None:
    assert sort(said).meaning is Meaning.CONFIRM


def test_an_ear_that_doubts_its_words_makes_the_proposal_doubtful() -> None:
    assert sort("yes", heard=0.9).is_sure
    assert not sort("yes", heard=0.4).is_sure


def test_stop_counts_however_badly_it_was_heard() -> None:
    assert sort("stop calling me", heard=0.1).is_sure


def test_the_words_that_led_to_the_proposal_are_named() -> None:
    assert sort("Well, could we reschedule that?").because == "reschedule"


@pytest.mark.parametrize("said", ["stop " * 20_000, "not " * 20_000, "yes " * 20_000 + "x", "\0\ud800", "¿Qué?"])
def test_nothing_that_is_said_breaks_it(said: str) -> None:
    assert 0.0 <= sort(said[:2000]).confidence <= 1.0
