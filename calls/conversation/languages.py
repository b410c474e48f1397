"""The languages of one call: in which it is held, in which it can go on, and why in others it cannot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from calls.conversation.turn_taking import words_of

LEAST_WORDS = 2  # a caller has changed the language with so many of them: "okay" is said in all

_CAN = (
    "You can also speak {0}. When the caller speaks one of these or asks for it, begin your reply with its mark, such "
    "as <language {1}/>, and go on in it. The mark <language {2}/> leads back."
)
_CANNOT = "You cannot speak {0} in this call: {1}. Whoever asks for it is told so."
_GOES_ON = "The call goes on in {0} now. Speak it, whatever stands above, until the caller wishes another language."
_SAYS = "Say days, times and amounts of money as people say them in it, also those that tools tell in English."
_TODAY = "Today is {0}."


@dataclass(slots=True)
class Languages:
    """`own` is the version's, `others` those in which the call can go on; `missing`: why it cannot, in words.

    `today_in`: the day of the call, as a language says it.
    """

    own: str = "en-US"
    others: tuple[str, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    current: str = ""
    today_in: Callable[[str], str] = lambda language: ""

    def __post_init__(self) -> None:
        self.current = self.find(self.current) or self.own

    @property
    def is_own(self) -> bool:
        return self.current == self.own

    @property
    def mark(self) -> dict[str, str]:
        """What the transcript keeps with a turn: nothing, while the call is held in the version's own language."""
        return {} if self.is_own else {"language": self.current}

    def find(self, wish: str) -> str:
        """The language that is meant, exactly or nearly: es is es-US where that is spoken. Empty for none."""
        tag = wish.lower().replace("_", "-")
        if not tag:
            return ""
        known = (self.own, *self.others)
        exactly = (each for each in known if each.lower() == tag)
        nearly = (each for each in known if _base(each) == _base(tag))
        return next(exactly, "") or next(nearly, "")

    def changed_by(self, text: str, language: str) -> str:
        """The language that a caller's turn goes over to, as far as who understood it says; empty where it stays."""
        if _base(language) == _base(self.current) or len(words_of(text)) < LEAST_WORDS:
            return ""
        return self.find(language)

    def for_the_model(self) -> str:
        """What it has to know before the call; empty for a call in one language."""
        can = _CAN.format(", ".join(self.others), self.others[0], self.own) if self.others else ""
        return "\n".join(filter(None, (can, *(_CANNOT.format(*each) for each in self.missing.items()))))

    def now(self) -> str:
        """What it has to know of where the call has come to."""
        return self.goes_on_in("" if self.is_own else self.current)

    def goes_on_in(self, language: str) -> str:
        """What it is told when the call goes over to a language; nothing when it goes over to none."""
        if not language:
            return ""
        today = self.today_in(language)
        return " ".join(filter(None, (_GOES_ON.format(language), _SAYS, today and _TODAY.format(today))))


def _base(tag: str) -> str:
    return tag.lower().partition("-")[0]
