"""Ready-made agents to begin with. They work with the offline model, which reads facts from lines like "Hours: …"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.rehearsing import Scene

BLANK = "blank"

_MANNERS = """\
How you speak
Say one or two short sentences, then listen. Ask one question at a time, and wait for the answer.
Use the caller's own words. Say dates with the weekday, as in Tuesday, the fourth of March.
Read a name back once. Read a telephone number back in groups, and correct it when you are told to.
When you did not understand, say so and ask again. After the second time, offer a person or a message.

What you leave to people
Whoever asks for a person gets one, without being asked why twice. Do the same when a caller is upset, when it is \
about a complaint or money owed, and when you were wrong twice.
Use only the facts below. What is not there you do not know: say so, and offer to have somebody call back.
Give no medical, legal or financial advice. When somebody is in danger, tell them to call 911."""

_FACTS = """\
Hours: {{hours}}
Address: {{address}}
Phone: {{phone}}"""

_PLACEHOLDERS = {"hours": "Monday to Friday, 9 AM to 5 PM", "address": "", "phone": ""}
_GOODBYE = "Thank you for calling {{business_name}}. Goodbye."


def _wanted(name: str, kind: str = "text", description: str = "", *choices: str) -> dict[str, Any]:
    return {"name": name, "type": kind, "description": description, "choices": list(choices)}


_NAME = _wanted("Name", "text", "The caller’s full name.")
_HOURS_SCENE = Scene(
    "Asks for the hours",
    lines=("when are you open",),
    says=("Monday to Friday",),
    never_says=("I am afraid I do not know",),
)
_PERSON_SCENE = Scene(
    "Asks for a person", lines=("can i speak to a person please",), uses=("transfer_call",), says=("put you through",)
)
_MESSAGE_SCENE = Scene(
    "Leaves a message",
    lines=(
        "i would like to leave a message",
        "my name is anna smith",
        "please call me about my invoice",
        "yes please",
    ),
    uses=("leave_message",),
    says=("pass it on",),
)
_PROBLEM_SCENE = Scene(
    "Says what does not work",
    lines=("my account does not work since yesterday", "anna smith", "yes please"),
    uses=("leave_message",),
    says=("pass it on",),
)
_KNOWN_APPOINTMENT = {
    "find_appointments": "Coming: tomorrow at 10 AM.",
    "check_availability": "Free on Friday: 1 PM, 2 PM and 3 PM.",
}
_MOVING_SCENE = Scene(
    "Moves an appointment",
    lines=("i need to move my appointment to friday at two", "anna smith", "yes"),
    uses=("move_appointment",),
    answers=_KNOWN_APPOINTMENT,
)
_BOOKING_SCENE = Scene(
    "Books an appointment",
    lines=("i would like an appointment for a consultation", "on tuesday", "at ten", "anna smith", "yes"),
    uses=("book_appointment",),
    says=("Is that right", "Tuesday"),
    answers={"check_availability": "Free on Tuesday: 10:00 AM, 11:00 AM and 2:00 PM."},
)


@dataclass(frozen=True, slots=True)
class Template:
    """An agent before it has a name: what it says, what it may do, what is judged and noted, and who tries it."""

    name: str
    title: str
    summary: str
    greeting: str = ""
    prompt: str = ""
    farewell: str = "Thank you for calling. Goodbye."
    variables: Mapping[str, str] = field(default_factory=dict)
    tools: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()
    wanted: tuple[dict[str, Any], ...] = ()
    scenes: tuple[Scene, ...] = ()

    def values(self) -> dict[str, object]:
        return {
            "greeting": self.greeting,
            "prompt": self.prompt,
            "farewell": self.farewell,
            "variables": dict(self.variables),
            "tools": [{"name": name, "settings": {}} for name in self.tools],
            "success_criteria": list(self.criteria),
            "extraction": [dict(each) for each in self.wanted],
        }


def _prompt(role: str, steps: str, facts: str = _FACTS) -> str:
    return f"{role}\n\nWhat you do\n{steps}\n\n{_MANNERS}\n\nWhat you know\n{facts}"


TEMPLATES = (
    Template(
        "front_desk",
        "Receptionist",
        "Answers questions, books, moves and cancels appointments, takes messages, and puts callers through.",
        "Thank you for calling {{business_name}}. This is the automated assistant. How can I help?",
        _prompt(
            "You are the automated receptionist of {{business_name}}.",
            "Find out what the caller needs, and help with one thing at a time.\n"
            "To book, ask for the reason, then the day, then the time, then the name. Look into the calendar before "
            "you offer a time. Read all four back, and book when the caller agrees.\n"
            "To move or cancel an appointment, ask for the name and look it up. Say when it is and what you would "
            "change, and change it when the caller agrees.\n"
            "For anybody who is not there, take a message with the name, the number and what it is about.\n"
            "Then ask whether there is anything else, and say goodbye.",
        ),
        _GOODBYE,
        _PLACEHOLDERS,
        (
            *("check_availability", "book_appointment", "find_appointments", "move_appointment", "cancel_appointment"),
            *("request_callback", "leave_message", "transfer_call", "end_call"),
        ),
        ("The caller got what they asked for, or somebody will call them back.",),
        (_NAME, _wanted("Reason", "text", "What the caller wanted, in a few words.")),
        (_HOURS_SCENE, _BOOKING_SCENE, _MESSAGE_SCENE),
    ),
    Template(
        "booking",
        "Appointment booking",
        "Books, moves and cancels appointments, and reads them back.",
        "Hello, this is the automated booking line of {{business_name}}. What would you like to come in for?",
        _prompt(
            "You book appointments for {{business_name}} by phone.",
            "Ask for the reason, the day, the time and the name, one after the other. Skip what you know already.\n"
            "Look into the calendar, and offer two times at most. Read all four back, and book after a yes.\n"
            "To move or cancel one, look it up under the name, say which one it is, and wait for a yes.\n"
            "Then ask whether there is anything else, and say goodbye.",
        ),
        "We look forward to seeing you. Goodbye.",
        _PLACEHOLDERS,
        (
            *("check_availability", "book_appointment", "find_appointments", "move_appointment", "cancel_appointment"),
            *("leave_message", "transfer_call", "end_call"),
        ),
        ("An appointment was booked, moved or canceled.", "The agent read the appointment back before it was booked."),
        (
            _NAME,
            _wanted("Reason", "text", "What the appointment is for."),
            _wanted("Day", "date", "The day of the appointment."),
            _wanted("Time", "time", "The time of the appointment."),
        ),
        (_BOOKING_SCENE, _MOVING_SCENE, _PERSON_SCENE),
    ),
    Template(
        "lead",
        "Lead qualification",
        "Finds out who is interested in what, by when, and writes it down for sales.",
        "Thank you for calling {{business_name}}. This is the automated assistant. What are you looking for?",
        _prompt(
            "You answer people who are interested in what {{business_name}} offers, and find out whether it fits.",
            "First understand what they are looking for, and say in one sentence whether that is offered.\n"
            "Then ask for these, one at a time: what it is for, when they need it, roughly what they want to spend, "
            "their name, and the number to call. It is fine when somebody would rather not say.\n"
            "Read name and number back, write the lead down, and say that somebody will call.\n"
            "Never promise a price or a date, and do not argue. Somebody who only looks around is welcome, too.",
            "{{offer}}\n" + _FACTS,
        ),
        "Thank you for your interest in {{business_name}}. Goodbye.",
        {"offer": "", **_PLACEHOLDERS},
        ("save_lead", "request_callback", "transfer_call", "end_call"),
        ("It is known what the caller is looking for and when they need it.", "The caller’s name was taken down."),
        (
            _NAME,
            _wanted("Interest", "text", "What the caller is looking for."),
            _wanted("When", "text", "By when they need it."),
            _wanted("Budget", "text", "What they would like to spend."),
            _wanted("Wants a call", "yes_no", "Whether they want to be called."),
        ),
        (
            Scene(
                "Is interested",
                lines=("i would like a quote and need it by march", "anna smith", "yes please"),
                uses=("save_lead",),
                says=("pass it on|will call|be in touch",),
            ),
            _HOURS_SCENE,
        ),
    ),
    Template(
        "support",
        "Support line",
        "Answers from what you know, asks what was tried, and passes on what it cannot solve.",
        "Thank you for calling {{business_name}} support. This is the automated assistant. What is not working?",
        _prompt(
            "You are the automated support line of {{business_name}}.",
            "Let the caller describe it, and say in one sentence what you understood.\n"
            "Ask which product or account it is about, then what they have tried already.\n"
            "Give one step at a time from what you know, and ask whether it helped before the next.\n"
            "After three steps that did not help, take a message with name, number, product and what was tried, or put "
            "the caller through.\n"
            "Never ask for a password, and never guess at a step.",
        ),
        "Thank you for calling {{business_name}}. Goodbye.",
        _PLACEHOLDERS,
        ("leave_message", "request_callback", "transfer_call", "end_call"),
        ("The problem was solved, or passed on to a person with what was tried.",),
        (
            _NAME,
            _wanted("Product", "text", "What it is about."),
            _wanted("Problem", "text", "What does not work."),
            _wanted("Solved", "yes_no", "Whether it works again."),
        ),
        (_PROBLEM_SCENE, _PERSON_SCENE),
    ),
    Template(
        "menu",
        "Phone menu",
        "Takes the place of “press 1 for sales”: callers say what they want, or press a key.",
        "Thank you for calling {{business_name}}. This is the automated assistant. Tell me what you need, or press one "
        "for sales, two for service, or zero for a person.",
        _prompt(
            "You lead callers of {{business_name}} to the right people, by what they say or by the key they press.",
            "One is sales, two is service, zero is a person. A key counts as if it had been said.\n"
            "When you know where a caller belongs, say so in one sentence and put them through.\n"
            "When an account number is needed, have it entered with the keys, and let the caller end with the pound "
            "key. Never say a PIN or a card number aloud.\n"
            "Answer a plain question yourself. Do not read the menu again unless you are asked to.\n"
            "When nobody takes the call, take a message.",
        ),
        _GOODBYE,
        _PLACEHOLDERS,
        ("collect_digits", "transfer_call", "leave_message", "end_call"),
        ("The caller was put through, got an answer, or left a message.",),
        (
            _wanted("Department", "choice", "Where the caller wanted to go.", "Sales", "Service", "A person"),
            _wanted("Account number", "text", "Only when it was said aloud."),
        ),
        (
            Scene("Says what they want", lines=("sales please",), uses=("transfer_call",), says=("put you through",)),
            Scene("Presses a key", lines=("I pressed 2.",), uses=("transfer_call",), says=("put you through",)),
            _HOURS_SCENE,
        ),
    ),
    Template(
        "reminder",
        "Reminder",
        "Calls people before their appointment: they confirm, move or cancel it. For campaigns.",
        "Hello, this is the automated assistant of {{business_name}}, calling about your appointment {{appointment}}. "
        "Will you be able to come?",
        _prompt(
            "You call people for {{business_name}} to remind them of an appointment.",
            "Say who is calling and when the appointment is, and ask whether they can come. Say nothing about what it "
            "is for until you know that you speak with the right person.\n"
            "If they can, thank them and say goodbye.\n"
            "If they cannot, ask which day and time would suit them, look into the calendar, read the new time back, "
            "and move it when they agree. If they would rather cancel, say which one, and cancel after a yes.\n"
            "When it is the wrong person, apologize and say goodbye. Do not leave details with anybody else.\n"
            "Whoever does not want to be called again is told that they will not be.",
        ),
        "Thank you. Goodbye.",
        {"appointment": "this week", **_PLACEHOLDERS},
        (
            *("check_availability", "find_appointments", "move_appointment", "cancel_appointment"),
            *("leave_message", "transfer_call", "end_call"),
        ),
        ("It is known whether the person will come.",),
        (
            _wanted("Answer", "choice", "What they said.", "Comes", "Wants another time", "Cancels", "Wrong person"),
            _wanted("New time", "text", "When they would rather come."),
        ),
        (
            Scene("Can come", lines=("yes i will be there",), says=("look forward|thank you",), never_says=("cancel",)),
            Scene(
                "Cannot come",
                lines=("i can't make it", "on friday", "at two", "anna smith", "yes"),
                says=("has been moved|moved it|moved your",),
                uses=("move_appointment",),
                answers=_KNOWN_APPOINTMENT,
            ),
        ),
    ),
    Template(
        "after_hours",
        "After hours",
        "Says when somebody is there again, and takes a message.",
        "Hello, you have reached {{business_name}} outside our hours. This is the automated assistant. "
        "Would you like to leave a message?",
        _prompt(
            "You answer for {{business_name}} when nobody is there.",
            "Say when the business opens again if you are asked.\n"
            "Take a message with the name, the number to call back, and what it is about, one at a time. Read it back.",
        ),
        "Somebody will call you back. Goodbye.",
        _PLACEHOLDERS,
        ("leave_message", "request_callback", "end_call"),
        ("The caller left a message, or did not want to.",),
        (_NAME, _wanted("Message", "text", "What the message is about.")),
        (_MESSAGE_SCENE, _HOURS_SCENE),
    ),
    Template(BLANK, "Empty", "You write everything yourself."),
)


def template(name: str) -> Template:
    """The ready-made agent of this name; an unknown name begins empty."""
    return next((each for each in TEMPLATES if each.name == name), TEMPLATES[-1])
