"""A seeded set of things that people say on the telephone, with what is personal in them; and what the rules find.

`python -m tests.calls.redaction_set` prints the table. Names and numbers are drawn anew for each sentence; half of the
names are not in the list of first names that the rules know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from calls.ids import is_card
from calls.redaction import Kind, Redactor

SEED, PER_SENTENCE = 20261121, 12
DIGITS = {
    "en": ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
    "de": ["null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"],
    "es": ["cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"],
}
TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
KNOWN = ("Maria", "James", "Sofia", "Peter", "Emma", "Carlos", "Anna", "David")
UNKNOWN = ("Tamsin", "Okoro", "Jovana", "Thandiwe", "Marguerita", "Quentin", "Ludmila", "Zephyr")
SURNAMES = ("Lopez", "Nakamura", "O'Brien", "Schneider", "van Dyke", "Kowalczyk", "Haddad", "Abernathy")
HOSTS = ("gmail", "outlook", "juniperdental", "posteo")

# What is said, by language. The agent's question before it, where there is one, stands before the bar.
SENTENCES = {
    Kind.CARD: (
        ("en", "My card is {card}."),
        ("en", "Sure, it's {card}, expiring next year."),
        ("en", "What is the card number?|{card_spoken}"),
        ("en", "it is {card_spoken} okay"),
        ("en", "What is the card number?|{card_part}"),
        ("en", "okay so that is {card_pairs}"),
        ("en", "Go ahead.|{card_spoken}, and the code on the back, hang on."),
        ("de", "Meine Kreditkarte ist die {card_spoken}."),
        ("es", "Mi tarjeta es {card_spoken}."),
    ),
    Kind.NATIONAL_ID: (
        ("en", "My social is {ssn}."),
        ("en", "Can you confirm your social security number?|{ssn_spoken}"),
        ("en", "It's {ssn}, thank you."),
        ("es", "Mi DNI es {dni}."),
    ),
    Kind.EMAIL: (
        ("en", "You can write to {email}."),
        ("en", "my email is {email_spoken}"),
        ("en", "It's {email_spoken}, please."),
        ("en", "Send it to {email_spelled}."),
        ("en", "What is your email?|{email_run} at gmail dot com"),
        ("de", "Meine Adresse ist {email}."),
        ("es", "Es {email_es}."),
    ),
    Kind.PHONE: (
        ("en", "Call me back at {phone}."),
        ("en", "my number is {phone_spoken}"),
        ("en", "What number can we reach you at?|{phone_spoken}."),
        ("en", "It's {phone_double}, thanks."),
        ("en", "area code {phone_broken}"),
        ("en", "Try {phone_written} after five."),
        ("de", "Meine Nummer ist {phone_spoken}."),
        ("es", "Mi número es {phone_spoken}."),
    ),
    Kind.NAME: (
        ("en", "My name is {name}."),
        ("en", "Hi, this is {name} calling about Friday."),
        ("en", "my name is {name_lower} and i need a cleaning"),
        ("en", "May I have your name, please?|{name}."),
        ("en", "May I have your name, please?|Sure, it's {name}."),
        ("en", "Please tell Dr. {last} that I will be late."),
        ("en", "I'd like to book for {name}."),
        ("en", "{name_lower} here, i called yesterday"),
        ("en", "My husband {name} has an appointment with you."),
        ("en", "My last name is spelled {letters}."),
        ("de", "Guten Tag, mein Name ist {name}."),
        ("de", "Ich möchte mit Frau {last} sprechen."),
        ("es", "Buenos días, me llamo {name}."),
    ),
}
HARMLESS = (
    ("en", "Can I come in on Tuesday, November twenty fourth at half past two?"),
    ("en", "That was 1,250.50 dollars, not 125."),
    ("en", "My order number is 48213377."),
    ("en", "The appointment is on 2026-11-24 at 14:30."),
    ("en", "I was born on 04/17/1985, and we are open 8 to 5."),
    ("en", "This is ridiculous, I have been waiting for forty five minutes."),
    ("en", "We are two adults and three children, ages four, six and nine."),
    ("en", "Meet me at the front desk at nine, please."),
    ("en", "I'm calling about a broken tooth, it's really urgent."),
    ("en", "The doctor said that I should come back in two or three weeks."),
    ("en", "Could you tell me what a cleaning costs? Is it more than one hundred and twenty dollars?"),
    ("en", "It is suite 200, 14 Main Street, Boise 83702."),
    ("en", "May I have your name, please?|Why do you need it?"),
    ("de", "Ich hätte gern einen Termin am Dienstag um halb drei."),
    ("de", "Ich bin Patientin bei Ihnen und habe Schmerzen."),
    ("es", "Quisiera una cita el martes a las dos y media."),
)

# Written when the rules stood, and not looked at while they were made: nearer to what real calls will show.
HELD_OUT = {
    Kind.CARD: (
        ("en", "Yes so the long number is {card_spoken}, got it?"),
        ("en", "{card}. That's the Visa."),
        ("en", "And the last four digits of the card?|{card_part}."),
    ),
    Kind.NATIONAL_ID: (
        ("en", "Last thing, your social?|It is {ssn_spoken}."),
        ("en", "ssn {ssn}"),
    ),
    Kind.EMAIL: (
        ("en", "uh {email_spoken} is the best one"),
        ("en", "Could you spell your address?|{email_spelled}"),
        ("de", "Schreiben Sie an {email}, bitte."),
    ),
    Kind.PHONE: (
        ("en", "you guys can text me on {phone_spoken}"),
        ("en", "{phone}, that's my cell."),
        ("en", "no wait, it's {phone_broken}"),
    ),
    Kind.NAME: (
        ("en", "yeah hi {name_lower} calling about my tooth"),
        ("en", "Hello, {name} speaking."),
        ("en", "It's for my son, {name}."),
        ("en", "Who is the patient?|{name}."),
        ("en", "I spoke with {name} last week."),
        ("en", "And you are?|I'm {name}."),
        ("de", "{name} mein Name, guten Tag."),
        ("es", "Soy {name}, buenas tardes."),
    ),
}


@dataclass(frozen=True)
class Sample:
    """What was asked, what is said, and the one personal thing in it; `kind` is None where there is none."""

    language: str
    before: str
    said: str
    secret: str = ""
    kind: Kind | None = None


class Person:
    """Somebody drawn by chance."""

    def __init__(self, chance: Random, language: str) -> None:
        self._chance, self._words = chance, DIGITS[language]
        self.first = chance.choice(KNOWN if chance.random() < 0.5 else UNKNOWN)
        self.last = chance.choice(SURNAMES)

    def told(self) -> dict[str, str]:
        card, phone, ssn = self._card(), self._phone(), self._ssn()
        first, last, host = self.first.lower(), re.sub(r"\W", "", self.last.lower()), self._chance.choice(HOSTS)
        return {
            "card": " ".join(card[start : start + 4] for start in range(0, 16, 4)),
            "card_spoken": self._spoken(card),
            "card_part": self._spoken(card[:4]),
            "ssn": f"{ssn[:3]}-{ssn[3:5]}-{ssn[5:]}",
            "ssn_spoken": self._spoken(ssn),
            "dni": self._dni(),
            "email": f"{first}.{last}@{host}.com",
            "email_spoken": f"{first} dot {last} at {host} dot com",
            "email_es": f"{first} punto {last} arroba {host} punto com",
            "phone": f"({phone[:3]}) {phone[3:6]}-{phone[6:]}",
            "phone_spoken": self._spoken(phone),
            "phone_double": f"{self._spoken(phone[:3])}, double {self._words[int(phone[3])]} {self._spoken(phone[4:])}",
            "card_pairs": " ".join(self._pair(card[start : start + 2]) for start in range(0, 16, 2)),
            "email_spelled": f"{' '.join(first[:6])} at {host} dot com",
            "email_run": f"{first} {last}",
            "phone_broken": f"{self._spoken(phone[:3])}, um, {self._spoken(phone[3:6])} dash {self._spoken(phone[6:])}",
            "phone_written": f"+1 {phone[:3]}.{phone[3:6]}.{phone[6:]}",
            "letters": " ".join(last.upper()),
            "name": f"{self.first} {self.last}",
            "name_lower": f"{self.first} {self.last}".lower(),
            "last": self.last,
        }

    def _pair(self, digits: str) -> str:
        """Forty one, eleven, oh five."""
        tens, unit = int(digits[0]), int(digits[1])
        if tens == 0:
            return f"oh {self._words[unit]}"
        if tens == 1:
            return TEENS[unit]
        return TENS[tens - 2] + (f" {self._words[unit]}" if unit else "")

    def _draw(self, length: int) -> str:
        return "".join(str(self._chance.randrange(10)) for _ in range(length))

    def _card(self) -> str:
        start = self._chance.choice("45") + self._draw(14)
        return next(start + str(digit) for digit in range(10) if is_card(start + str(digit)))

    def _phone(self) -> str:
        return f"{self._chance.randrange(2, 9)}{self._draw(2)}{self._chance.randrange(2, 9)}{self._draw(6)}"

    def _ssn(self) -> str:
        return f"{self._chance.randrange(100, 600)}{self._chance.randrange(10, 99)}{self._chance.randrange(1000, 9999)}"

    def _dni(self) -> str:
        digits = self._draw(8)
        return digits + "TRWAGMYFPDXBNJZSQVHLCKE"[int(digits) % 23]

    def _spoken(self, digits: str) -> str:
        return " ".join(self._words[int(digit)] for digit in digits)


def samples(chosen: Mapping[Kind, Sequence[tuple[str, str]]] = SENTENCES) -> Iterator[Sample]:
    """The whole set, the same every time."""
    chance = Random(SEED)
    for kind, sentences in chosen.items():
        for language, sentence in sentences:
            for _ in range(PER_SENTENCE):
                told = Person(chance, language).told()
                before, _, said = sentence.rpartition("|")
                named = re.search(r"\{(\w+)\}", said)
                assert named
                yield Sample(language, before, said.format(**told), told[named[1]], kind)
    for language, sentence in HARMLESS:
        before, _, said = sentence.rpartition("|")
        yield Sample(language, before, said)


@dataclass
class Score:
    """Of one kind: how many there are, how many were found whole, and how often something else was taken for it."""

    there: int = 0
    found: int = 0
    wrong: int = 0

    @property
    def recall(self) -> float:
        return self.found / self.there

    @property
    def precision(self) -> float:
        return self.found / max(1, self.found + self.wrong)


def redacted(sample: Sample) -> str:
    redactor = Redactor(frozenset(Kind), sample.language, known=("Juniper", "Dental"))
    redactor.turn("agent", sample.before)
    return redactor.turn("caller", sample.said)


def scores(chosen: Mapping[Kind, Sequence[tuple[str, str]]] = SENTENCES) -> dict[Kind, Score]:
    """A secret is found when nothing of it is left; a mark too many is an error, whatever it hides."""
    table = {kind: Score() for kind in Kind}
    for sample in samples(chosen):
        kept = redacted(sample)
        expected = sample.said.replace(sample.secret, sample.kind.mark) if sample.kind else sample.said
        if sample.kind:
            table[sample.kind].there += 1
            table[sample.kind].found += not _left(sample, kept)
        for kind in Kind:
            table[kind].wrong += max(0, kept.count(kind.mark) - expected.count(kind.mark))
    return table


def _left(sample: Sample, kept: str) -> set[str]:
    """Words of the secret that are still there, apart from those that the sentence has besides."""
    rest = sample.said.replace(sample.secret, " ").lower()
    words = set(re.findall(r"\w+", sample.secret.lower())) - set(re.findall(r"\w+", rest))
    return {word for word in words if word in re.findall(r"\w+", kept.lower())} - {"dot", "at", "com"}


def main() -> None:
    for title, chosen in (("known", SENTENCES), ("held out", HELD_OUT)):
        print(f"{title:<12}{'said':>6}{'found':>7}{'recall':>9}{'precision':>11}")
        for kind, score in scores(chosen).items():
            print(f"{kind:<12}{score.there:>6}{score.found:>7}{score.recall:>9.3f}{score.precision:>11.3f}")


if __name__ == "__main__":
    main()
