"""Calls of every kind, read without a model."""

from __future__ import annotations

from datetime import date

import pytest

from agents.findings import FieldType, WantedField
from calls.after.by_rule import read
from calls.after.reading import Findings, Line, Questions

HI = "agent: Thank you for calling Juniper Dental. This is June, the automated assistant. How can I help?"
MOVED = (
    HI,
    "caller: I need to move my appointment to Friday at two",
    "agent: May I have your name, please?",
    "caller: it's Daniel Brooks",
    "agent: I found your appointment: Tuesday at 10 AM. I would move it to Friday at two PM. Is that right?",
    "caller: yes please",
    "agent: Your appointment has been moved to Friday at two PM. Is there anything else?",
    "caller: no thanks bye",
)
CANCELED = (HI, "caller: please cancel my appointment", "agent: Your appointment has been canceled.")
ANGRY = (
    HI,
    "caller: I have been waiting for two weeks for my crown, this is ridiculous",
    "agent: I am sorry. I cannot see that from here. Would you like to leave a message?",
    "caller: no, nobody calls me back",
    "agent: I am sorry. I can pass it on to the manager.",
    "caller: you are useless, forget it",
)
WRONG_NUMBER = (HI, "caller: oh sorry I think I have the wrong number", "agent: No problem. Goodbye.")
SILENCE = (HI, "agent: Are you still there?", "agent: I cannot hear you. Please call again. Goodbye.")
VOICEMAIL = (
    "agent: Hello, this is Juniper Dental, calling about your appointment tomorrow. Will you be able to come?",
    "caller: hi you've reached the voicemail of Tom Keller please leave a message after the tone",
    "agent: Please call us back. Goodbye.",
)
SPANISH = (
    "agent: Gracias por llamar a Juniper Dental. ¿En qué puedo ayudarle?",
    "caller: quisiera una cita para una limpieza el martes a las diez",
    "agent: La tengo el martes a las diez a nombre de Lucía Fernández. ¿Es correcto?",
    "caller: sí perfecto muchas gracias",
    "agent: Listo, le he reservado el martes a las diez. Adiós.",
)
INTERRUPTED = (
    HI,
    "caller: what are your",
    "agent: We are open Monday",
    "caller: no wait your opening hours on Saturday",
    "agent: We are closed on Saturdays. Is there anything",
    "caller: okay thanks that's all",
)
THROUGH = (HI, "caller: can I speak to the dentist please", "agent: I will put you through. One moment, please.")
OPT_OUT = (
    "agent: Hello, this is Juniper Dental, calling about your checkup. Is now a good time?",
    "caller: stop calling me take me off your list",
    "agent: I am sorry. You will not be called again. Goodbye.",
)
FIELDS = (WantedField("Name", FieldType.TEXT, ""), WantedField("Day", FieldType.DATE, "The day of the appointment."))
CHANGED = "An appointment was booked, moved or canceled."


def reading(talk: tuple[str, ...], language: str = "en-US") -> Findings:
    lines = [Line(index, *line.split(": ", 1)) for index, line in enumerate(talk)]
    on = date(2026, 11, 21)
    return read(Questions(lines, criteria=[CHANGED], fields=list(FIELDS), language=language, on=on))


@pytest.mark.parametrize(
    ("talk", "result", "sentiment", "summary"),
    [
        (MOVED, "resolved", "neutral", "Daniel Brooks said: “I need to move my appointment to Friday at two”. It was"),
        (CANCELED, "resolved", "neutral", "The caller said: “please cancel my appointment”. It was dealt with"),
        (ANGRY, "unresolved", "negative", "The caller asked for a crown. It was not settled in the call."),
        (WRONG_NUMBER, "nothing", "neutral", "The caller had the wrong number."),
        (SILENCE, "nothing", "neutral", "The caller said nothing. Nothing was asked for."),
        (VOICEMAIL, "nothing", "neutral", "A machine answered, and nobody spoke."),
        (
            SPANISH,
            "resolved",
            "positive",
            "The caller said: “quisiera una cita para una limpieza el martes a las diez”.",
        ),
        (INTERRUPTED, "resolved", "neutral", "The caller said: “what are your”. It was dealt with in the call."),
        (THROUGH, "resolved", "neutral", "The caller said: “can I speak to the dentist please”. They were put through"),
        (OPT_OUT, "resolved", "negative", "The caller does not want to be called again."),
    ],
    ids=["moved", "canceled", "angry", "wrong", "silence", "voicemail", "spanish", "interrupted", "through", "stop"],
)
def test_what_came_of_a_call_and_how_the_caller_felt_is_read(
    talk: tuple[str, ...], result: str, sentiment: str, summary: str
):
    found = reading(talk, "es-ES" if talk is SPANISH else "en-US")

    assert (found.result, found.sentiment) == (result, sentiment)
    assert found.summary.startswith(summary)


def test_a_caller_whom_nobody_took_has_to_be_called_back():
    lines = [Line(index, *line.split(": ", 1)) for index, line in enumerate(THROUGH)]

    found = read(Questions(lines, was_reached=False))

    assert found.result == "follow_up"
    assert found.summary.endswith("nobody took the call: somebody has to come back to them.")


def test_a_criterion_is_met_by_a_change_in_any_language_and_judged_against_nobody_in_a_foreign_one():
    verdicts = {talk: reading(talk, "es-ES").criteria[0]["verdict"] for talk in (MOVED, CANCELED, SPANISH, SILENCE)}

    assert list(verdicts.values()) == ["met", "met", "met", "unclear"]
    assert reading(ANGRY).criteria[0]["verdict"] == "not_met"


def test_fields_hold_what_was_said_of_the_appointment_and_no_guesses():
    noted = {
        talk: {each["name"]: each["value"] for each in reading(talk).fields} for talk in (MOVED, ANGRY, INTERRUPTED)
    }

    assert noted[MOVED] == {"Name": "Daniel Brooks", "Day": "2026-11-27"}
    assert noted[ANGRY] == {"Name": "", "Day": ""}  # "this is ridiculous" is no name
    assert noted[INTERRUPTED] == {"Name": "", "Day": ""}  # about opening hours
