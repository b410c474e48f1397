"""Gather as the carrier does it, the detection of a machine that greets and beeps, and who answers which number."""

from __future__ import annotations

from telephony.simulator.exchange import Exchange
from telephony.simulator.people import Beep, Noise, Pause, Person, Say, StaySilent
from telephony.simulator.setup import Account, CallSetup
from telephony.simulator.voices import Humming
from telephony.simulator.webhooks import Webhook
from tests.telephony.simulator.conftest import RunCall
from tests.telephony.simulator.our_side import OurSide

BOTH = 'input="dtmf speech" speechTimeout="auto"'


async def test_gather_hears_words_and_a_voice_ends_its_prompt(our_side: OurSide, run_call: RunCall):
    our_side.answer("said", "<Hangup/>")
    story = "A very long story. " * 40
    voice = our_side.answer("voice", f'<Gather {BOTH} action="/said"><Say>{story}</Say></Gather>')

    record = await run_call(voice, Pause(1500), Say("Yes, I will"), Say("be there"), StaySilent())

    fields = our_side.asked_for("said")[0].fields
    assert (fields["SpeechResult"], fields["Confidence"]) == ("Yes, I will be there", "0.95")
    assert "Digits" not in fields
    assert record.ended_ms is not None
    assert record.ended_ms < 20_000  # the story takes twice as long


async def test_gather_takes_no_noise_for_words_and_no_words_where_keys_are_wanted(our_side: OurSide, run_call: RunCall):
    our_side.answer("given", "<Hangup/>")
    action = 'action="/given" actionOnEmptyResult="true" timeout="1"'

    await run_call(our_side.answer("both", f"<Gather {BOTH} {action}/>"), Noise(500), StaySilent())
    await run_call(our_side.answer("keys", f"<Gather {action}/>"), Say("One"), StaySilent())

    given = [asked.fields for asked in our_side.asked_for("given")]
    assert [(fields["Digits"], fields.get("SpeechResult")) for fields in given] == [("", None), ("", None)]


async def test_a_key_that_ends_the_gather_is_not_among_its_digits(our_side: OurSide, run_call: RunCall):
    our_side.answer("given", "<Hangup/>")
    voice = our_side.answer("voice", '<Gather action="/given" finishOnKey="#*"/>')

    await run_call(voice, person=Person.from_json({"steps": [{"do": "press", "digits": "42*"}]}))

    assert our_side.asked_for("given")[0].fields["Digits"] == "42"


async def test_a_machine_is_told_apart_when_it_has_beeped_and_never_when_it_has_not(
    our_side: OurSide, run_call: RunCall
):
    voice, detected = our_side.answer("voice", '<Pause length="9"/>'), Webhook(our_side.answer("amd", ""))
    outgoing = {"direction": "outbound-api", "machine_detection": True, "async_amd": detected}
    greeting = (Say("This is Dana. Leave a message."), Beep(), StaySilent())
    endless = (Say("This is Dana. " * 30), Beep(), StaySilent())

    record = await run_call(voice, person=Person(greeting, answered_by="machine_end_beep"), **outgoing)
    await run_call(voice, person=Person(endless, answered_by="machine_end_beep"), **outgoing)

    (told,) = our_side.asked_for("amd")
    assert told.fields["AnsweredBy"] == "machine_end_beep"
    (happened,) = [each for each in record.happenings if each.kind == "detection callback"]
    assert happened.at_ms > record.utterances[-1].began_ms


async def test_the_directory_knows_who_answers_where_nobody_was_named(account: Account):
    busy = {"+12085550125": Person(takes_call="busy")}
    async with Exchange(account, speaker=Humming(), directory=busy.get) as exchange:
        exchange.people["+12085550126"] = Person(takes_call="failed")
        numbers = ("+12085550125", "+12085550126", "+12085550127")
        setups = [CallSetup("+12085550110", to, "outbound-api", twiml="<Response/>") for to in numbers]
        calls = [exchange.dial(setup) for setup in setups]
        ended = [(await exchange.record(call.record.call_sid)).status for call in calls]

    assert ended == ["busy", "failed", "completed"]
