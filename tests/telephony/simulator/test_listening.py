from __future__ import annotations

from telephony import mulaw
from telephony.simulator.agent_words import agent_grammar
from telephony.simulator.listening import Line, Spoken, listen_back
from telephony.simulator.report import NOT_UNDERSTOOD, conversation_lines, outcome, was_connected
from telephony.simulator.tracks import Track
from telephony.simulator.voices import OfflineSpeaker

FACTS = {
    "status": "completed",
    "answered_ms": 5.0,
    "ended_by": "agent",
    "duration_s": 31,
    "utterances": [
        {"began_ms": 2000.0, "reply_ms": 4000.0, "wait_ms": 610.0, "barge_in_ms": None},
        {"began_ms": 6000.0, "reply_ms": 8500.0, "wait_ms": 1200.0, "barge_in_ms": 180.0},
    ],
    "underruns": [{"at_ms": 100, "length_ms": 40}],
    "happenings": [
        {"at_ms": 1.0, "kind": "stream started"},
        {"at_ms": 2.0, "kind": "warning", "code": 31951, "message": "a message that does not conform"},
        {"at_ms": 29_000.0, "kind": "waited in vain", "for_ms": 20_000},
    ],
}
LINES = [
    Line("agent", 300, 1500, "good morning"),
    Line("caller", 2000, 3000, "hello"),
    Line("agent", 4050, 6300, "how can i help you to"),
    Line("caller", 6050, 7000, "wait"),
    Line("agent", 8500, 9000, ""),
]


async def test_both_sides_are_understood_from_their_sound_alone_and_put_in_order():
    greeting = "Juniper Dental, this is June. How can I help you today?"
    speaker, said, heard = OfflineSpeaker(), Track(), Track()
    heard.write(500, await speaker.speak(greeting, "en-us"))
    said.write(6000, await speaker.speak("I would like to book an appointment", "en-us+adam"))
    heard.write(10_000, await speaker.speak("What day would suit you?", "en-us"))
    await speaker.close()

    lines = listen_back(said, heard, Spoken("Hours: Monday to Friday, 8 AM to 5 PM.", [greeting]))

    assert [line.side for line in lines] == ["agent", "caller", "agent"]
    assert [round(line.start_ms, -3) for line in lines] == [0, 6000, 10_000]
    assert "how can i help you today" in lines[0].text
    assert "book an appointment" in lines[1].text
    assert "what day would suit you" in lines[2].text
    assert lines[0].end_ms < 6000


def test_where_nothing_is_said_nothing_is_understood():
    assert listen_back(Track(mulaw.SILENCE * 100), Track(), Spoken(fixed=["Hello."])) == []


def test_the_words_of_an_agent_are_its_own_sentences_and_its_answers():
    grammar = agent_grammar(
        "Hours: Monday to Friday, 8 AM to 5 PM.", ["Juniper Dental, June speaking. Room 12, code 0110."]
    )
    sentences = {" ".join(sentence) for sentence in grammar.sentences(5000)}

    assert {"juniper dental june speaking", "room twelve code zero one one zero"} <= sentences
    assert "what day would suit you" in sentences
    assert any("eight a.m. to five p.m." in sentence for sentence in sentences)


def test_what_the_agent_repeats_of_the_caller_is_among_its_words():
    said = ["an appointment for a cleaning", "on thursday", "at three thirty p m", "my name is maria lopez"]
    grammar = agent_grammar("Hours: Monday to Friday, 8 AM to 5 PM.", ["Hello."], said)
    sentences = {" ".join(sentence) for sentence in grammar.sentences(3000)}

    assert any("maria" in sentence for sentence in sentences)
    assert any("three thirty p.m." in sentence for sentence in sentences)


def test_a_conversation_is_told_with_its_waits_and_interruptions():
    told = list(conversation_lines(FACTS, LINES))

    assert told == [
        "    0.3 s  agent   good morning",
        "    2.0 s  caller  hello",
        "    4.0 s  agent   how can i help you to   (after 0.61 s)",
        "    6.0 s  caller  wait   (over the agent, who gave way after 0.18 s)",
        f"    8.5 s  agent   {NOT_UNDERSTOOD}   (after 1.20 s)",
    ]


def test_the_outcome_says_how_it_ended_and_what_went_wrong():
    assert list(outcome(FACTS)) == [
        "Ended by the agent after 31 s.",
        "The caller waited 2 times: 0.91 s (median), 1.20 s (longest).",
        "The agent's voice had 1 gap, the longest of 40 ms.",
        "Warning 31951: a message that does not conform",
        "At 29.0 s the caller had waited in vain for the agent.",
    ]


def test_a_call_that_nobody_took_says_so():
    facts = {**FACTS, "status": "busy", "answered_ms": None, "utterances": [], "underruns": [], "happenings": []}

    assert list(outcome(facts)) == ["Not answered: busy."]
    assert not was_connected(facts)
    assert was_connected(FACTS)
