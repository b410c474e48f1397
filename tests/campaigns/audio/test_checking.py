"""Every clip is listened to before anybody hears it: what is wrong waits for a person, what is right passes."""

from __future__ import annotations

import asyncio

import pytest

from agentos.errors import DomainError
from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.providers.ports import ProviderError
from campaigns.audio.checking import about_sound, approve, doubts, examine
from campaigns.audio.likeness import alike, lacks_its_end, missed, says_something_else, tokens
from campaigns.audio.listening import Ears, hear_facts, transcribe, wording
from campaigns.models import AudioClip
from campaigns.texts.messages import Fact, Kind, render
from telephony.mulaw import SILENCE
from tests.campaigns.clip_set import Case, Speaker, right, wrong

DATE = Fact(Kind.DATE, "Monday, November twenty-third")
TIME = Fact(Kind.TIME, "eight fifteen in the morning")
SUM = Fact(Kind.AMOUNT, "one hundred twenty-five dollars and fifty cents")
PHONE = Fact(Kind.NUMBER, "two zero eight, five five five, zero one one four")
NAME = Fact(Kind.NAME, "Rosa Delgado")
ONE_OCLOCK = Fact(Kind.TIME, "one in the afternoon")
SEED = 20261123


@pytest.fixture(scope="module")
def speaker() -> Speaker:
    return Speaker()


def heard_in(case: Case) -> list[str]:
    """What the offline ears hold against a clip."""
    text, facts = case.message.text, case.message.facts
    return asyncio.run(examine(Ears("offline"), text, facts, case.sound))[1]


# Words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fact", "transcript"),
    [
        (DATE, "you are expected on monday november twenty third at nine"),
        (DATE, "Monday, November 23rd at 9:00"),
        (DATE, "Monday, Nov 23rd."),
        (TIME, "at 8:15 a.m. please"),
        (TIME, "at eight fifteen in the morning"),
        (TIME, "8:15AM"),
        (SUM, "a balance of $125.50, please"),
        (SUM, "one hundred and twenty five dollars and fifty cents"),
        (PHONE, "call 208-555-0114 now"),
        (PHONE, "two oh eight five five five oh one one four"),
        (NAME, "Hello Rosa Delgado"),
        (NAME, "hello roza del gado"),
        (ONE_OCLOCK, "at 1 pm"),
    ],
)
def test_a_fact_is_heard_however_it_is_spelled(fact: Fact, transcript: str) -> None:
    assert list(missed(f"... {fact.said} ...", [fact], transcript)) == []


@pytest.mark.parametrize(
    ("fact", "transcript"),
    [
        (DATE, "Tuesday, November 23rd"),
        (DATE, "Monday, November 20th"),
        (DATE, "november third monday"),
        (TIME, "at 8:50 a.m."),
        (TIME, "at 8:15 p.m."),
        (TIME, "at eight in the morning"),
        (SUM, "$125"),
        (SUM, "$1,125.50"),
        (PHONE, "call 208-555-0115"),
        (NAME, "hello peter walsh"),
        (NAME, "hello rosa miller"),
        (ONE_OCLOCK, "at 11:01 pm"),
    ],
)
def test_a_fact_that_differs_is_missed(fact: Fact, transcript: str) -> None:
    assert list(missed(f"... {fact.said} ...", [fact], transcript)) == [fact]


def test_a_number_is_not_heard_inside_a_longer_one() -> None:
    eight = Fact(Kind.NUMBER, "eight")

    assert list(missed("press eight please", [eight], "press eight hundred please")) == [eight]
    assert list(missed("press eight please", [eight], "press twenty eight please")) == [eight]
    assert list(missed("eight, twenty dollars", [eight], "eight twenty dollars")) == []


def test_day_and_month_are_not_exchanged_unnoticed() -> None:
    message = render("{{visit_date}}", {"visit_date": "2026-03-05"})

    assert list(missed(message.text, message.facts, "sunday may third")) == list(message.facts)


def test_one_sound_has_many_spellings() -> None:
    assert alike("jon", "john")
    assert alike("katherine", "catherine")
    assert alike("stephen", "steven")
    assert not alike("rosa", "peter")
    assert not alike("james", "susan")


def test_what_is_said_beside_the_facts_counts_as_well() -> None:
    text = "Hello. This is Juniper Dental with a reminder. Please press one to confirm your visit."

    assert says_something_else(text, "the weather is nice and the fish are fine today")
    assert not says_something_else(text, "hello this is juniper dental with reminder please press one to confirm visit")
    assert lacks_its_end(text, "hello this is juniper dental with")
    assert not lacks_its_end(text, "please press one to confirm your visit")


def test_numbers_in_digits_and_in_words_are_the_same() -> None:
    words = "one thousand two hundred people three point five twenty-first"

    assert tokens("1,200 people, 3.5 %, 21st") == tokens(words)


# Sound -------------------------------------------------------------------------------------------------


def test_sound_is_judged_without_words(speaker: Speaker) -> None:
    text = "Hello Rosa, this is Juniper Dental with a reminder."
    sound = speaker.say(text)

    assert list(about_sound(text, sound)) == []
    assert list(about_sound(text, SILENCE * 200)) == ["It is silent."]
    assert list(about_sound(text, b"")) == ["It is silent."]
    assert "It is too short for its words." in about_sound(text * 5, sound)
    assert "It is too long for its words." in about_sound("Hello.", sound + SILENCE * 100)
    assert "There is a long silence inside." in about_sound(text, sound + SILENCE * 150 + sound)
    assert "It is too loud." in about_sound(text, b"\x80\x00" * 12_000)


# Both --------------------------------------------------------------------------------------------------


def test_another_date_time_or_name_a_cut_and_silence_are_caught(speaker: Speaker) -> None:
    cases = list(wrong(5, SEED, speaker))

    assert [case.wrong for case in cases if not heard_in(case)] == []


def test_most_right_clips_of_the_set_pass(speaker: Speaker) -> None:
    """A friendly set, chosen so that ears gone deaf are noticed; the rate is measured by bench/clip_checks.py."""
    alarms = [heard_in(case) for case in right(4, 5, speaker)]

    assert sum(bool(alarm) for alarm in alarms) <= 2, alarms


def test_the_ears_are_not_told_which_day_or_sum_it_is() -> None:
    message = render(
        "Come on {{visit_date}} for {{fee}}, {{name}}.", {"visit_date": "2026-11-23", "fee": "5", "name": "Rosa"}
    )

    assert wording(message.text, message.facts) == "come on <date> for <amount> <name>"


def test_ears_that_do_not_know_the_language_say_so() -> None:
    with pytest.raises(ProviderError) as failed:
        asyncio.run(transcribe(Ears("offline", language="es-US"), "Hola", [], SILENCE))

    assert not failed.value.retryable


def test_a_fact_is_heard_twice_when_it_was_missed_and_a_name_in_any_listening(speaker: Speaker) -> None:
    message = render("Hello {{name}}, please come at {{visit_time}}.", {"name": "Rosa", "visit_time": "08:15"})
    right, wrong = "hello rosa please come at eight fifteen in the morning", "hello peter please come at nine at night"
    sound = speaker.say(message.text)

    def against(heard: str, *held: str) -> int:
        return sum(":" in problem for problem in doubts(message.text, message.facts, sound, [heard], held))

    assert against(right) == 0
    assert against(wrong) == against(wrong, wrong, wrong) == 2
    assert against(wrong, right, right) == against(wrong, right.replace("rosa", "peter"), wrong, right) == 0
    assert against(wrong, right) == against(wrong, right, wrong, wrong) == 1  # the time, which one may have guessed


def test_ears_that_expect_the_wording_do_not_vouch_for_it(speaker: Speaker) -> None:
    message = render("Hello {{name}}, please come at {{visit_time}}.", {"name": "Rosa", "visit_time": "08:15"})
    expected = "hello rosa please come at eight fifteen in the morning"

    found = doubts(message.text, message.facts, speaker.say(message.text), ["buy my pills"], [expected] * 3)

    assert found == ["Too few of the words were heard.", "The end was not heard."]


def test_ears_that_hold_to_the_wording_hear_another_time_as_itself(speaker: Speaker) -> None:
    template = "Come on {{visit_date}} at {{visit_time}}."
    meant = render(template, {"visit_date": "2026-11-23", "visit_time": "08:15"})
    said = render(template, {"visit_date": "2026-11-23", "visit_time": "14:40"})

    async def again() -> str:
        return await anext(hear_facts(Ears("offline"), meant.text, meant.facts, speaker.say(said.text)))

    assert tokens(asyncio.run(again())) == tokens(said.text)


# A person ----------------------------------------------------------------------------------------------


def test_a_person_may_approve_what_was_doubted(tenant: Tenant, owner: User) -> None:
    with tenant_transaction(tenant):
        clip = AudioClip.objects.create(content="c", text="Hello.", status=AudioClip.Status.DOUBTED)
        approve(clip.pk, owner)
        approve(clip.pk, owner)
        clip.refresh_from_db()

    assert (clip.status, clip.approved_by) == (AudioClip.Status.READY, owner)


@pytest.mark.parametrize("status", [AudioClip.Status.WANTED, AudioClip.Status.FAILED])
def test_nothing_else_is_approved(tenant: Tenant, owner: User, status: str) -> None:
    with tenant_transaction(tenant):
        clip = AudioClip.objects.create(content="c", text="Hello.", status=status)
        with pytest.raises(DomainError):
            approve(clip.pk, owner)
