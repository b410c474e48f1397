"""What a key, a word and a spoken reply do."""

from __future__ import annotations

import pytest

from agents.models import Agent
from campaigns.models import Target
from tests.campaigns.line import ROSA, Line, MakeLine, change, in_thread, names, text
from tests.campaigns.rows import make_campaign
from tests.telephony.signing import CALL_SID

RECORDING = "RE00000000000000000000000000000001"

pytestmark = pytest.mark.django_db(transaction=True)


# Keys


async def test_a_key_settles_the_attempt_and_is_thanked_for(line: Line) -> None:
    await line.answered()

    assert text(await line.pressed("1")).startswith("Thank you, that is confirmed.")

    attempt = await line.attempt()
    assert (attempt.key_pressed, attempt.target.disposition) == ("1", "confirmed")
    assert await line.outcome() == ("ended", "confirmed", "done")
    assert text(await line.pressed("1")).startswith("Thank you, that is confirmed.")  # the carrier did not hear us


async def test_a_second_thought_changes_nothing_but_an_opt_out_always_counts(line: Line) -> None:
    await line.answered()
    await line.pressed("1")

    assert names(await line.pressed("2")) == ["Hangup"]
    assert (await line.outcome())[1] == "confirmed"
    assert "no more calls" in text(await line.pressed("9"))
    assert [source for source, _ in await line.do_not_call()] == ["key"]


async def test_key_9_ends_everything_that_waits_for_the_number(line: Line, agent: Agent) -> None:
    other = await in_thread(make_campaign, agent, ROSA, name="Another")
    await line.answered()

    answer = await line.pressed("9")

    assert "no more calls" in text(answer)
    assert await line.outcome() == ("ended", "opted_out", "done")
    ((source, evidence),) = await line.do_not_call()
    assert source == "key"
    assert CALL_SID in evidence
    waiting = await in_thread(change, agent, lambda: Target.objects.get(campaign=other))
    assert (waiting.status, waiting.disposition) == ("done", "opted_out")


async def test_a_key_that_means_nothing_is_said_to_and_brings_the_message_again(line: Line) -> None:
    await line.answered()

    answer = await line.pressed("7")

    assert names(answer) == ["Gather", "Redirect"]
    assert text(answer).startswith("That key does nothing here. This is an automated call")
    assert (await line.outcome())[0] == "answered"


async def test_whoever_presses_wrong_keys_three_times_is_taken_leave_of_and_tried_again(line: Line) -> None:
    await line.answered()
    for _ in range(2):
        assert names(await line.pressed("7")) == ["Gather", "Redirect"]

    answer = await line.pressed("7")

    assert text(answer).startswith("This was Juniper Dental.")
    assert names(answer) == ["Say", "Hangup"]
    assert await line.outcome() == ("ended", "not_understood", "waiting")


async def test_a_right_key_counts_after_wrong_ones(line: Line) -> None:
    await line.answered()
    await line.pressed("7")

    await line.pressed("1")

    assert await line.outcome() == ("ended", "confirmed", "done")


async def test_who_listens_and_says_nothing_is_let_go(line: Line) -> None:
    await line.answered()

    assert text(await line.pressed()).endswith("Goodbye.")
    assert await line.outcome() == ("ended", "spoken", "done")


async def test_another_key_may_mean_stop_as_well(make_line: MakeLine) -> None:
    line = await make_line(keys={"3": "opted_out"})
    await line.answered()

    assert "no more calls" in text(await line.pressed("3"))
    assert [source for source, _ in await line.do_not_call()] == ["key"]


# Words


async def test_stop_is_honored_by_voice_however_badly_it_was_heard(line: Line) -> None:
    await line.answered()

    assert "no more calls" in text(await line.said("please stop calling me", 0.2))

    ((source, evidence),) = await line.do_not_call()
    assert source == "voice"
    assert "please stop calling me" in evidence


async def test_a_plain_yes_confirms_and_a_mumble_is_for_a_person(make_line: MakeLine) -> None:
    sure = await make_line()
    await sure.answered()
    assert text(await sure.said("Yes, please.")).startswith("Thank you, that is confirmed.")
    assert await sure.outcome() == ("ended", "confirmed", "done")
    assert await sure.reply() is None


async def test_words_that_nobody_can_be_sure_of_are_kept_for_a_person(line: Line) -> None:
    await line.answered()
    await line.said("well my sister said something about that")

    reply = await line.reply()
    assert reply is not None
    assert (reply.status, reply.transcript) == ("open", "well my sister said something about that")
    assert await line.outcome() == ("ended", "spoken", "done")


async def test_whoever_did_not_hear_us_hears_it_again_but_not_for_ever(line: Line) -> None:
    await line.answered()
    for _ in range(2):
        assert text(await line.said("Hello?")).startswith("This is an automated call for")

    assert text(await line.said("Hello?")).endswith("Goodbye.")
    assert (await line.outcome())[1] == "not_understood"


@pytest.mark.parametrize("said", ["No me llamen más", "Ne m'appelez plus", "Rufen Sie mich nicht mehr an"])
async def test_stop_is_honored_in_a_language_that_nobody_expected(line: Line, said: str) -> None:
    await line.answered()

    assert "no more calls" in text(await line.said(said, 0.3))
    assert [source for source, _ in await line.do_not_call()] == ["voice"]


# A spoken reply


async def test_an_answer_is_recorded_where_the_campaign_wants_it(make_line: MakeLine) -> None:
    line = await make_line(records_reply=True)
    await line.answered()

    say, record, hangup = await line.pressed()

    assert "It is recorded" in (say.text or "")
    assert (record.tag, record.attrib["maxLength"], hangup.tag) == ("Record", "60", "Hangup")
    assert record.attrib["action"] == record.attrib["recordingStatusCallback"]


async def test_a_recording_is_told_twice_and_is_one_reply(make_line: MakeLine) -> None:
    line = await make_line(records_reply=True)
    await line.answered()
    await line.pressed()

    assert text(await line.recorded(RECORDING, RecordingDuration="3")).startswith("Thank you.")
    await line.recorded(RECORDING, RecordingStatus="completed")

    reply = await line.reply()
    assert reply is not None
    assert (reply.status, reply.recording_sid) == ("fetching", RECORDING)
    assert await line.outcome() == ("ended", "spoken", "done")


async def test_a_recording_that_was_ended_by_key_9_is_an_opt_out(make_line: MakeLine) -> None:
    line = await make_line(records_reply=True)
    await line.answered()

    assert "no more calls" in text(await line.recorded(RECORDING, Digits="9"))
    assert [source for source, _ in await line.do_not_call()] == ["key"]


@pytest.mark.parametrize("fields", [{"RecordingStatus": "absent"}, {"RecordingStatus": "completed"}])
async def test_a_recording_without_a_name_or_a_sound_is_no_reply(line: Line, fields: dict[str, str]) -> None:
    await line.answered()
    name = "../../etc/passwd" if fields["RecordingStatus"] == "completed" else RECORDING

    assert names(await line.recorded(name, **fields)) == ["Hangup"]
    assert await line.reply() is None
