"""Times, days, names and reasons, in the words that a recognizer writes."""

from datetime import date

import pytest

from agents.providers.offline_voice.facts import Facts
from agents.providers.offline_voice.slots import read_name, read_reason
from agents.providers.offline_voice.when import read_today, read_when
from agents.providers.offline_voice.wording import clock, plain


@pytest.mark.parametrize(
    ("said", "time"),
    [
        ("three thirty", "three thirty PM"),
        ("at half past nine", "nine thirty AM"),
        ("quarter to three", "two forty five PM"),
        ("a quarter past ten", "ten fifteen AM"),
        ("ten to four", "three fifty PM"),
        ("noon", "noon"),
        ("at 3", "three PM"),
        ("3:30 PM", "three thirty PM"),
        ("3 p.m.", "three PM"),
        ("9am", "nine AM"),
        ("eight a m", "eight AM"),
        ("twelve", "noon"),
        ("one", "one PM"),
        ("nine oh five", "nine oh five AM"),
        ("15:30", "three thirty PM"),
        ("four o'clock", "four PM"),
        ("four o clock in the afternoon", "four PM"),
        ("for thirty", "four thirty PM"),
        ("tree thirty", "three thirty PM"),
        ("ate", "eight AM"),
        ("won", "one PM"),
        ("too p m", "two PM"),
        ("let's say eleven forty five", "eleven forty five AM"),
        ("in the morning at ten", "ten AM"),
        ("no not three four", "four PM"),
    ],
)
def test_a_time_is_read(said, time):
    assert read_when(plain(said), today=None, bare=True).time == time


@pytest.mark.parametrize(
    "said", ["one moment", "i have two questions", "maria lopez", "for my son", "three people", "good morning"]
)
def test_no_time_is_read_where_none_was_said(said):
    when = read_when(plain(said), today=None, bare=False)

    assert (when.minutes, when.part) == (None, "")


@pytest.mark.parametrize(
    ("said", "phrase"),
    [
        ("tuesday", "on Tuesday"),
        ("tues", "on Tuesday"),
        ("on weds please", "on Wednesday"),
        ("next monday", "next Monday"),
        ("monday next week", "next Monday"),
        ("to morrow", "tomorrow, Sunday,"),
        ("to day", "today, Saturday,"),
        ("the day after tomorrow", "on Monday"),
        ("november twenty fourth", "on Tuesday, November twenty fourth"),
        ("the twenty fourth", "on Tuesday, November twenty fourth"),
        ("tuesday the twenty fourth of november", "on Tuesday, November twenty fourth"),
        ("december 1st", "on Tuesday, December first"),
        ("tuesday or wednesday", "on Tuesday"),
        ("tuesday no wednesday", "on Wednesday"),
        ("no not tuesday wednesday", "on Wednesday"),
    ],
)
def test_a_day_is_read(said, phrase):
    day = read_when(plain(said), today=date(2026, 11, 21), bare=False).day

    assert day is not None
    assert day.phrase == phrase


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("my name is maria lopez", "Maria Lopez"),
        ("it's maria", "Maria"),
        ("this is anne o'brien and i need a cleaning", "Anne O'Brien"),
        ("i am john smith", "John Smith"),
        ("name of carlos diaz", "Carlos Diaz"),
        ("under the name grace kim please", "Grace Kim"),
        ("it's for my daughter lily", "Lily"),
        ("i need a crown maria lopez", "Maria Lopez"),
        ("mary and my last name is smith", "Mary Smith"),
        ("i am in pain", ""),
        ("this is about a cleaning", ""),
        ("it is wednesday", ""),
    ],
)
def test_a_name_is_read(said, name):
    found = read_name(plain(said), asked=False)

    assert (found.text if found else "") == name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("zbigniew kowalczyk", "Zbigniew Kowalczyk"),
        ("sure it's fatima", "Fatima"),
        ("mary and my last name is smith", "Mary Smith"),
        ("maria lopez l o p e z", "Maria Lopez"),
        ("doctor wang", "Doctor Wang"),
        ("no", ""),
        ("what do you mean", ""),
    ],
)
def test_a_name_that_was_asked_for_is_the_whole_short_turn(said, name):
    found = read_name(plain(said), asked=True)

    assert (found.text if found else "") == name


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("i'd like a cleaning", "a cleaning"),
        ("a check-up please", "a checkup"),
        ("my tooth hurts", "a toothache"),
        ("my knee hurts", "a sore knee"),
        ("i need x rays", "X-rays"),
        ("hello", ""),
    ],
)
def test_a_reason_is_read(said, reason):
    assert read_reason(plain(said), asked=False)[0] == reason


def test_a_reason_nobody_has_heard_of_is_taken_when_it_was_asked_for():
    assert read_reason(plain("it's about my gecko"), asked=True)[0] == "your gecko"


@pytest.mark.parametrize(
    ("minutes", "said"), [(540, "nine AM"), (720, "noon"), (545, "nine oh five AM"), (0, "twelve AM")]
)
def test_the_clock_is_said_in_words(minutes, said):
    assert clock(minutes) == said


def test_the_year_is_one_in_which_the_day_is_true():
    assert read_today("Saturday, November 21") == date(2026, 11, 21)
    assert read_today("tomorrow") is None


def test_a_fact_may_stand_in_the_middle_of_the_prompt():
    facts = Facts.read("You are the front desk. Opening hours: Monday to Friday, 8 AM to 5 PM.")

    assert facts.answer("hours", "when are you open") == "We are open Monday to Friday, eight AM to five PM."
