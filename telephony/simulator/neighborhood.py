"""Who answers where: people of the demo, each with a way of their own to take a reminder.

They are known by the last four digits of their number, whatever the area code. All of them lie among those that are
kept for fiction (555-0100 to 555-0199): nobody has them.
"""

from __future__ import annotations

from collections.abc import Mapping

from .people import BargeIn, Beep, HangUp, Pause, Person, Press, Say, StaySilent, Step, WaitForAgent, WaitForTone

FICTION = "55501"
NOTICES_MS = 2000  # of silence; between two sentences a busy machine may need more than a moment
LISTENS_MS = 45_000  # a message may be long, and the machine busy


def answers_with(*steps: Step) -> tuple[Step, ...]:
    """Listens to the end of the message first."""
    return (WaitForAgent(quiet_ms=NOTICES_MS, timeout_ms=LISTENS_MS), *steps, StaySilent())


def speaks_after_the_tone(text: str) -> tuple[Step, ...]:
    """Lets the time for keys go by, and speaks when asked to."""
    return (WaitForTone(), Pause(500), Say(text), StaySilent())


SCREENS = (
    Say("Hi. If you record your name and the reason for calling, I will see if this person is available."),
    WaitForAgent(quiet_ms=NOTICES_MS, timeout_ms=LISTENS_MS),
    Say("Please stay on the line."),
    BargeIn("Hello?", after_ms=2000),
    WaitForAgent(quiet_ms=NOTICES_MS, timeout_ms=LISTENS_MS),
    Press("1"),
    StaySilent(),
)
# Staff, to whom callers are introduced: one is with a patient and declines, the other takes the call and talks.
DECLINES = answers_with(Press("2"))
TAKES_THE_CALL = (
    WaitForAgent(quiet_ms=900, timeout_ms=LISTENS_MS),
    Press("1"),
    Pause(700),
    Say("Hello, this is Mats at the front desk. How can I help you?"),
    WaitForAgent(quiet_ms=NOTICES_MS, timeout_ms=6000),
    Say("I will take care of it. Thank you for calling. Goodbye."),
    Pause(500),
    HangUp(),
)
GREETS = (
    Say("Hello, you have reached the voicemail of Dana. Please leave a message after the tone."),
    Beep(),
    StaySilent(),
)

PEOPLE: Mapping[str, Person] = {
    "0121": Person(answers_with(Press("1"))),
    "0122": Person(answers_with(Say("Yes, I will be there.")), voice="en-us+linda"),
    "0123": Person(speaks_after_the_tone("I would like to reschedule my appointment."), rings_ms=3000),
    "0124": Person(GREETS, voice="en-us+linda", rings_ms=6000, answered_by="machine_end_beep", stays_ms=0),
    "0125": Person(takes_call="busy"),
    "0126": Person(takes_call="no-answer"),
    "0127": Person(SCREENS, rings_ms=2000),
    "0128": Person(answers_with(Say("You have the wrong number."))),
    "0129": Person((BargeIn("Stop calling me, please.", after_ms=3500), StaySilent()), rings_ms=4000),
    "0130": Person(answers_with(Press("2")), rings_ms=3000),
    "0131": Person(speaks_after_the_tone("Where can I park?"), voice="en-us+Alex", rings_ms=2000),
    "0132": Person((BargeIn("Hello?", after_ms=500), Pause(3000), HangUp())),
    "0133": Person(answers_with(Press("1")), rings_ms=5000),
    "0134": Person(speaks_after_the_tone("I would like to cancel my appointment."), voice="en-us+linda"),
    "0135": Person(speaks_after_the_tone("Yes, I will be there, thank you."), voice="en-us+linda", rings_ms=4000),
}

STAFF: Mapping[str, Person] = {
    "0141": Person(DECLINES, voice="en-us+linda", rings_ms=2000),
    "0142": Person(TAKES_THE_CALL, voice="en-us+Alex", rings_ms=3000),
}


def resident(number: str) -> Person | None:
    """Who answers this number, if it is one of theirs."""
    return {**PEOPLE, **STAFF}.get(number[-4:]) if number[-7:-2] == FICTION else None
