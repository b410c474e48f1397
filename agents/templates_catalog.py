"""Ready-made agents to begin with. They work with the offline model, which reads facts from lines like "Hours: …"."""

from __future__ import annotations

from dataclasses import dataclass, field

BLANK = "blank"

_MANNERS = """\
Keep replies to two sentences and ask one question at a time. Say dates with the weekday.
Use only the facts below. When you do not know, say so and offer to take a message.
Never give medical, legal or financial advice."""

_FACTS = """\
Hours: {{hours}}
Address: {{address}}
Phone: {{phone}}"""

_PLACEHOLDERS = {"hours": "Monday to Friday, 9 AM to 5 PM", "address": "", "phone": ""}


@dataclass(frozen=True, slots=True)
class Template:
    name: str
    title: str
    summary: str
    greeting: str = ""
    prompt: str = ""
    farewell: str = "Thank you for calling. Goodbye."
    variables: dict[str, str] = field(default_factory=dict)
    tools: tuple[str, ...] = ()

    def values(self) -> dict[str, object]:
        return {
            "greeting": self.greeting,
            "prompt": self.prompt,
            "farewell": self.farewell,
            "variables": dict(self.variables),
            "tools": [{"name": name, "settings": {}} for name in self.tools],
        }


TEMPLATES = (
    Template(
        "front_desk",
        "Front desk",
        "Answers questions about hours, address and the rest, books appointments, takes messages.",
        "Thank you for calling {{business_name}}. This is the automated assistant. How can I help?",
        "You are the automated front desk of {{business_name}}.\n\n"
        "Help callers with questions and appointments. To book one, ask for the name, the reason, the day and the "
        "time, read all four back, and book when the caller agrees.\n\n"
        f"{_MANNERS}\n\n{_FACTS}",
        "Thank you for calling {{business_name}}. Goodbye.",
        _PLACEHOLDERS,
        ("check_availability", "book_appointment", "leave_message", "request_callback", "end_call"),
    ),
    Template(
        "booking",
        "Appointment booking",
        "Goes straight to name, reason, day and time of an appointment, and reads them back.",
        "Hello, this is the automated booking line of {{business_name}}. What would you like to come in for?",
        "You book appointments for {{business_name}} by phone.\n\n"
        "Ask for the reason, the day, the time and the name, one after the other, and skip what the caller has said "
        "already. Read all four back and book when the caller agrees. Then ask whether there is anything else, and say "
        f"goodbye.\n\n{_MANNERS}\n\n{_FACTS}",
        "We look forward to seeing you. Goodbye.",
        _PLACEHOLDERS,
        (
            "check_availability",
            "book_appointment",
            "find_appointments",
            "move_appointment",
            "cancel_appointment",
            "end_call",
        ),
    ),
    Template(
        "after_hours",
        "After hours",
        "Says when somebody is there again, and takes a message.",
        "Hello, you have reached {{business_name}} outside our hours. This is the automated assistant. "
        "Would you like to leave a message?",
        "You answer for {{business_name}} when nobody is there.\n\n"
        "Say when the business opens again if you are asked. Take a message: the name, the number to call back, and "
        f"what it is about. Read it back.\n\n{_MANNERS}\n\n{_FACTS}",
        "Somebody will call you back. Goodbye.",
        _PLACEHOLDERS,
        ("leave_message", "request_callback", "end_call"),
    ),
    Template(BLANK, "Empty", "You write everything yourself."),
)


def template(name: str) -> Template:
    """The ready-made agent of this name; an unknown name begins empty."""
    return next((each for each in TEMPLATES if each.name == name), TEMPLATES[-1])
