"""Voicemail, call screening and fax: what each of them hears, and what is noted."""

from __future__ import annotations

import pytest

from tests.campaigns.line import Line, MakeLine, names, text

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_machine_hears_its_own_message_and_no_keys(make_line: MakeLine) -> None:
    line = await make_line(voicemail="Please call us about your visit, {{first_name}}.")
    await line.answered()
    await line.detected("machine_end_beep")

    answer = await line.answered()

    assert names(answer) == ["Say", "Say", "Say", "Hangup"]
    assert text(answer).startswith("This is an automated call for")
    assert "Please call us about your visit, Rosa." in text(answer)
    await line.status("completed")
    assert await line.outcome() == ("ended", "voicemail", "done")


@pytest.mark.parametrize(
    ("answered_by", "outcome", "status"), [("machine_end_beep", "machine", "waiting"), ("fax", "fax", "done")]
)
async def test_a_machine_that_nothing_is_left_on_is_hung_up(
    line: Line, answered_by: str, outcome: str, status: str
) -> None:
    await line.detected(answered_by)

    assert names(await line.answered()) == ["Hangup"]
    assert await line.outcome() == ("ended", outcome, status)


@pytest.mark.parametrize("answered_by", ["human", "unknown"])
async def test_the_first_word_on_who_answered_is_the_last(line: Line, answered_by: str) -> None:
    await line.detected(answered_by)
    await line.detected("machine_end_beep")

    assert names(await line.answered()) == ["Gather", "Redirect"]
    assert (await line.attempt()).answered_by == answered_by


async def test_who_pressed_a_key_is_no_machine(line: Line) -> None:
    await line.answered()
    await line.pressed("1")
    await line.detected("machine_end_beep")

    assert (await line.attempt()).answered_by == ""
    assert (await line.outcome())[1] == "confirmed"


@pytest.mark.parametrize("answered_by", ["machine_end_silence", "machine_end_other"])
async def test_without_a_beep_it_is_asked_once_more_before_it_is_left_a_message(
    make_line: MakeLine, answered_by: str
) -> None:
    line = await make_line(voicemail="Please call us, {{first_name}}.")
    await line.answered()
    await line.detected(answered_by)

    answer = await line.answered()

    assert names(answer) == ["Gather", "Redirect"]
    assert "Please call us, Rosa." in text(answer)
    assert names(await line.follow(answer)) == ["Hangup"]
    assert await line.outcome() == ("ended", "voicemail", "done")


async def test_without_a_beep_and_a_message_it_is_told_who_calls_before_we_hang_up(line: Line) -> None:
    await line.answered()
    await line.detected("machine_end_other")

    answer = await line.answered()

    assert text(answer) == "This is an automated call from Juniper Dental for Rosa Delgado."
    assert names(await line.follow(answer)) == ["Hangup"]
    assert await line.outcome() == ("ended", "machine", "waiting")


# Call screening, and a carrier that connects


async def test_an_assistant_that_asks_who_calls_is_told_in_a_sentence_and_waited_for(line: Line) -> None:
    first = await line.answered()

    answer = await line.follow(first, "Please state your name and the reason for your call")

    assert text(answer) == "This is an automated call from Juniper Dental for Rosa Delgado."
    assert int(answer[0].attrib["timeout"]) >= 15
    assert (await line.attempt()).answered_by == "screening"


async def test_the_person_behind_the_assistant_hears_the_message_and_answers(line: Line) -> None:
    asked = await line.follow(await line.answered(), "Hi, can you please say your name and why you're calling?")

    message = await line.follow(asked, "Hello?")

    assert "Hello Rosa Delgado." in text(message)
    await line.follow(message, Digits="1")
    assert await line.outcome() == ("ended", "confirmed", "done")


async def test_a_carrier_that_asks_to_stay_on_the_line_is_waited_for_in_silence(line: Line) -> None:
    held = await line.follow(await line.answered(), "The person you are calling is busy. Please stay on the line.")
    assert text(held) == ""
    assert names(held) == ["Gather", "Redirect"]

    held = await line.follow(held, "Please hold while I try to connect you")
    assert text(held) == ""

    assert "Hello Rosa Delgado." in text(await line.follow(held, "Hello?"))


async def test_when_nobody_comes_the_message_is_said_and_the_person_is_tried_again(line: Line) -> None:
    asked = await line.follow(await line.answered(), "Who is calling? Please say your name.")
    message = await line.follow(asked)
    assert "Hello Rosa Delgado." in text(message)

    assert text(await line.follow(message)).endswith("Goodbye.")
    assert await line.outcome() == ("ended", "screened", "waiting")


async def test_an_assistant_that_hangs_up_has_screened_the_call(line: Line) -> None:
    await line.follow(await line.answered(), "Please state your name")
    await line.status("completed")

    assert await line.outcome() == ("ended", "screened", "waiting")


async def test_what_was_heard_to_screen_is_no_voicemail_whatever_the_detection_says_later(line: Line) -> None:
    await line.follow(await line.answered(), "Please state your name")
    await line.detected("machine_end_silence")

    assert (await line.attempt()).answered_by == "screening"


async def test_an_assistant_that_was_taken_for_a_voicemail_is_still_told_who_calls(make_line: MakeLine) -> None:
    line = await make_line(voicemail="Please call us.")
    await line.detected("machine_end_silence")

    answer = await line.follow(await line.answered(), "Please state your name and why you are calling")

    assert text(answer) == "This is an automated call from Juniper Dental for Rosa Delgado."
    await line.status("completed")
    assert (await line.outcome())[1] == "screened"


async def test_an_assistant_that_asks_for_ever_is_told_the_message_at_last(line: Line) -> None:
    answer = await line.answered()
    for _ in range(6):
        answer = await line.follow(answer, "Please state your name")

    assert "Hello Rosa Delgado." in text(answer)


async def test_a_mailbox_that_passed_for_a_person_is_heard_to_its_beep_and_left_a_message(make_line: MakeLine) -> None:
    line = await make_line(voicemail="Please call us, {{first_name}}.")
    await line.detected("human")

    greeting = await line.follow(await line.answered(), "You have reached Rosa. Leave a message after the tone.")
    assert text(greeting) == ""

    left = await line.follow(greeting)
    assert names(left) == ["Say", "Say", "Say", "Hangup"]
    assert "Please call us, Rosa." in text(left)
    await line.status("completed")
    assert await line.outcome() == ("ended", "voicemail", "done")


async def test_stop_counts_whoever_listens_for_us(line: Line) -> None:
    asked = await line.follow(await line.answered(), "Please state your name")

    assert "no more calls" in text(await line.follow(asked, "This is Rosa. Stop calling me."))
    assert (await line.outcome())[1] == "opted_out"
