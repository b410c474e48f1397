"""A template and a person's values make a message; whatever cannot be said is told by its name."""

from __future__ import annotations

import pytest

from campaigns.texts.messages import MOST_VALUE, Fact, Kind, MessageError, check, clean, render, variables_in

REMINDER = """Hello {{first_name}}. This is Juniper Dental.
You are expected on {{visit_date}} at {{visit_time}}. The fee is {{fee}}.
Press 1 to confirm, or call {{callback_number}}."""
ROSA = {
    "first_name": "ROSA",
    "visit_date": "2026-11-23",
    "visit_time": "08:15",
    "fee": "125.50",
    "callback_number": "+12085550114",
}


def test_a_message_is_said_as_a_person_says_it() -> None:
    message = render(REMINDER, ROSA)

    assert message.text == (
        "Hello Rosa. This is Juniper Dental.\n"
        "You are expected on Monday, November twenty-third at eight fifteen in the morning. "
        "The fee is one hundred twenty-five dollars and fifty cents.\n"
        "Press one to confirm, or call two zero eight, five five five, zero one one four."
    )


def test_what_must_be_heard_is_known() -> None:
    assert render(REMINDER, ROSA).facts == (
        Fact(Kind.NAME, "Rosa"),
        Fact(Kind.DATE, "Monday, November twenty-third"),
        Fact(Kind.TIME, "eight fifteen in the morning"),
        Fact(Kind.AMOUNT, "one hundred twenty-five dollars and fifty cents"),
        Fact(Kind.NUMBER, "one"),
        Fact(Kind.NUMBER, "two zero eight, five five five, zero one one four"),
    )


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2026-11-23", "Monday, November twenty-third"),
        ("2026-11-23T08:15", "Monday, November twenty-third at eight fifteen in the morning"),
        ("2026-11-23 14:00:00-07:00", "Monday, November twenty-third at two in the afternoon"),
        ("8:15 AM", "eight fifteen in the morning"),
        ("2 p.m.", "two in the afternoon"),
        ("$1,200.00", "one thousand two hundred dollars"),
        ("€3", "three euros"),
        ("+12085550114", "two zero eight, five five five, zero one one four"),
        ("12", "twelve"),
        ("3.5", "three point five"),
        ("Suite 12B", "Suite 12B"),
        ("10/12", "10/12"),
        ("1.2.3", "1.2.3"),
        ("99:99", "99:99"),
        ("2026-13-45", "2026-13-45"),
    ],
)
def test_a_value_of_no_promised_kind_is_looked_at(written: str, said: str) -> None:
    assert render("{{thing}}", {"thing": written}).text == said


@pytest.mark.parametrize("written", ["2026-11-23", "11/23/2026", "November 23, 2026", "Nov 23, 2026"])
def test_a_date_is_read_however_it_is_written(written: str) -> None:
    assert render("{{visit_date}}", {"visit_date": written}).text == "Monday, November twenty-third"


def test_the_order_of_day_and_month_is_only_guessed_where_it_is_known() -> None:
    with pytest.raises(MessageError):
        render("{{visit_date}}", {"visit_date": "03/05/2026"}, "en-GB")


def test_a_short_time_does_not_pretend_to_know_the_half_of_the_day() -> None:
    assert render("{{visit_time}}", {"visit_time": "2:30"}).text == "two thirty"
    assert render("{{visit_time}}", {"visit_time": "14:30"}).text == "two thirty in the afternoon"


def test_words_stand_where_a_date_could_stand() -> None:
    message = render("See you {{visit_day}}.", {"visit_day": "tomorrow"})

    assert message.text == "See you tomorrow."
    assert message.facts == (Fact(Kind.DATE, "tomorrow"),)


def test_a_sentence_that_ends_with_a_time_still_ends() -> None:
    assert render("Come at 8:15 a.m. Thank you.", {}).text == "Come at eight fifteen in the morning. Thank you."
    assert render("Come at 8:15.", {}).text == "Come at eight fifteen."


@pytest.mark.parametrize(
    ("variable", "value"),
    [("visit_date", "32/13/2026"), ("visit_time", "25:00"), ("fee", "12 or 15"), ("callback_number", "ask Rosa")],
)
def test_a_value_that_is_not_what_its_name_promises_is_refused(variable: str, value: str) -> None:
    with pytest.raises(MessageError) as refused:
        render(f"{{{{{variable}}}}}", {variable: value})

    assert refused.value.variable == variable
    assert value in refused.value.words


def test_an_unknown_variable_is_told_with_the_one_that_was_meant() -> None:
    with pytest.raises(MessageError) as refused:
        check("Hello {{frist_name}}", ["first_name", "visit_date"])

    assert refused.value.code == "unknown_variable"
    assert refused.value.words == "There is no variable {{frist_name}}. Did you mean {{first_name}}?"


@pytest.mark.parametrize("value", ["", "   ", None, "\u200b\x07"])
def test_a_missing_value_is_told(value: object) -> None:
    with pytest.raises(MessageError) as refused:
        render("Hello {{name}}", {"name": value})

    assert refused.value.code == "no_value"


@pytest.mark.parametrize(
    "template",
    [
        "{{name|upper}}",
        "{{ name.first }}",
        "{{}}",
        "{{name}",
        "}} {{",
        "{{{name}}}",
        "{{#if name}}",
        "{{__class__}}",
        "{{ name",
    ],
)
def test_a_template_has_names_and_nothing_else(template: str) -> None:
    with pytest.raises(MessageError):
        render(template, {"name": "Rosa"})


def test_a_value_is_never_read_as_a_template_or_as_markup() -> None:
    sly = '{{fee}} <break time="9s"/> <speak>\u202eRosa\u200b\x00\n& Co'

    assert render("Hello {{nickname}}.", {"nickname": sly, "fee": "1"}).text == (
        'Hello fee break time="9s"/ speak Rosa and Co.'
    )


def test_a_value_is_not_longer_than_anybody_listens() -> None:
    assert len(clean("a" * 10_000)) == MOST_VALUE


def test_each_variable_is_named_once_in_order() -> None:
    assert variables_in("{{b}} {{ a }} {{b}}") == ["b", "a"]


def test_lines_without_variables_are_known_to_be_the_same_for_everybody() -> None:
    message = render("Hello {{name}}.\n\n  Press 1   to confirm. \n", {"name": "Rosa"})

    assert message.text == "Hello Rosa.\nPress one to confirm."
    assert message.fixed == {"Press one to confirm."}


def test_another_language_is_left_to_its_voice() -> None:
    message = render("Hola {{name}}, el {{visit_date}}.", {"name": "Rosa", "visit_date": "23 de noviembre"}, "es-US")

    assert message.text == "Hola Rosa, el 23 de noviembre."


def test_a_message_that_says_nothing_is_refused() -> None:
    with pytest.raises(MessageError, match="says nothing"):
        render(" \n ", {})
