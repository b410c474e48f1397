"""Where a conversation with the receptionist by rules can stand: what it is about, what was asked, what was done."""

from __future__ import annotations

from enum import Enum, auto


class Mode(Enum):
    IDLE = auto()
    BOOKING = auto()
    MESSAGE = auto()
    CHANGING = auto()


class Asked(Enum):
    """The question that is in the air."""

    HELP = auto()
    REASON = auto()
    DAY = auto()
    TIME = auto()
    NAME = auto()
    CONFIRM = auto()
    CHANGE = auto()
    WHICH = auto()
    MATTER = auto()
    ELSE = auto()
    OFFER = auto()
    MESSAGE = auto()
    PASS_ON = auto()


class Move(Enum):
    """What the caller's last turn did."""

    PROGRESS = auto()
    CONFIRMED = auto()
    REFUSED = auto()
    PASSED_ON = auto()
    DROPPED = auto()
    KEPT = auto()
    DECLINED = auto()
    GOODBYE = auto()
    QUESTION = auto()
    UNKNOWN = auto()
    REPEAT = auto()
    KEYS = auto()
    PERSON = auto()
    COMES = auto()
    EXISTING = auto()
    SMALL_TALK = auto()
    THANKS = auto()
    GREETING = auto()
    GO_ON = auto()
    MISSED = auto()


# How each question sounds, whoever asked it: a greeting, this receptionist, or another model before it.
QUESTIONS = (
    (Asked.HELP, r"how (?:can|may) i help|what can i do for you"),
    (Asked.REASON, r"come in for|reason for|what is (?:it|the visit|the appointment|this) for|brings you in"),
    (Asked.DAY, r"(?:what|which) (?:other |weekday )?day|what date|when would you like"),
    (Asked.TIME, r"(?:what|which) (?:other )?time|time would"),
    (Asked.NAME, r"your (?:full |first |last )?name|(?:what|which) name|who am i speaking"),
    (Asked.CONFIRM, r"i have you down|is (?:that|everything|this|it) (?:all )?(?:right|correct)|shall i book"),
    (Asked.CHANGE, r"what should i change"),
    (Asked.WHICH, r"which one do you mean"),
    (Asked.MATTER, r"what are you looking for|what is not working|what is it about"),
    (Asked.ELSE, r"anything else|something else"),
    (Asked.OFFER, r"(?:take|leave) a message"),
    (
        Asked.MESSAGE,
        r"what (?:should|shall|may|can) i (?:tell|pass)|(?:what is|tell me) (?:your|the) message|like me to pass",
    ),
    (Asked.PASS_ON, r"your message is|shall i pass (?:that|it) on"),
)
