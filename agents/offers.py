"""What an offer is: a provider with its models, voices and options, and what it takes. The offers: catalog.py."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Value = bool | int | float | str
Choices = tuple[tuple[str, str], ...]
YES = frozenset({"true", "on", "yes", "1"})
NO = frozenset({"false", "off", "no", "0"})


@dataclass(frozen=True, slots=True)
class Option:
    """A setting that only some providers or models know. It is stored under the provider's own name for it."""

    name: str
    label: str
    type: Literal["number", "integer", "flag", "choice", "text"]
    default: Value | None = None
    minimum: float | None = None
    maximum: float | None = None
    step: float = 1
    choices: Choices = ()
    hint: str = ""
    models: str = ""  # a pattern that the whole model name must match; empty for all
    pattern: str = ""  # that a text must match as a whole

    def fits(self, model: str) -> bool:
        return not self.models or re.fullmatch(self.models, model) is not None

    def parse(self, raw: object) -> Value | None:
        """A value of the right type and range; None, and an empty text, stand for the provider's default.

        Raises ValueError with a sentence for the person.
        """
        if raw is None or raw == "":
            return None
        if self.type == "flag":
            return self._flag(raw)
        if self.type == "choice":
            return self._choice(str(raw))
        if self.type == "text":
            return self._text(str(raw).strip())
        return self._number(raw)

    def _text(self, raw: str) -> str | None:
        if raw and not re.fullmatch(self.pattern, raw):
            raise ValueError(f"{self.label}: this cannot be one.")
        return raw or None

    def _flag(self, raw: object) -> bool:
        word = str(raw).strip().lower()
        if word not in YES | NO:
            raise ValueError(f"{self.label} is on or off.")
        return word in YES

    def _choice(self, raw: str) -> str:
        if raw not in dict(self.choices):
            raise ValueError(f"{self.label} is one of {', '.join(value for value, _ in self.choices)}.")
        return raw

    def _number(self, raw: object) -> int | float:
        minimum, maximum = self.minimum or 0, self.maximum or 0
        try:
            number = float(str(raw).strip())
        except ValueError:
            raise ValueError(f"{self.label} is a number from {minimum:g} to {maximum:g}.") from None
        if not minimum <= number <= maximum:
            raise ValueError(f"{self.label} is between {minimum:g} and {maximum:g}.")
        if self.type == "integer":
            if number != int(number):
                raise ValueError(f"{self.label} is a whole number.")
            return int(number)
        return number


def number(
    name: str, label: str, default: float | None, low: float, high: float, hint: str = "", models: str = ""
) -> Option:
    return Option(name, label, "number", default, low, high, 0.05, hint=hint, models=models)


def whole(name: str, label: str, default: int, low: int, high: int, hint: str = "", models: str = "") -> Option:
    return Option(name, label, "integer", default, low, high, hint=hint, models=models)


def flag(name: str, label: str, hint: str = "", models: str = "") -> Option:
    return Option(name, label, "flag", default=False, hint=hint, models=models)


def choice(name: str, label: str, default: str | None, choices: Choices, hint: str = "", models: str = "") -> Option:
    return Option(name, label, "choice", default, choices=choices, hint=hint, models=models)


def written(name: str, label: str, pattern: str, hint: str = "") -> Option:
    return Option(name, label, "text", hint=hint, pattern=pattern)


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    label: str
    languages: frozenset[str] | None = None  # two-letter codes; None where the vendor takes any
    retires: str = ""  # the day on which the vendor ends it, where it has named one


@dataclass(frozen=True, slots=True)
class Voice:
    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Provider:
    name: str
    label: str
    models: tuple[Model, ...]
    needs_key: bool = True
    needs_address: bool = False  # it is the business's own, which says where it is
    custom_models: str = ""  # a pattern for models that are not listed; empty where only listed ones will do
    voices: tuple[Voice, ...] = ()
    custom_voices: str = ""
    options: tuple[Option, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()

    @property
    def company(self) -> str:
        """Its name alone."""
        return self.label.split(",")[0] if self.needs_key else "Offline"

    @property
    def default_model(self) -> str:
        return self.models[0].name

    @property
    def default_voice(self) -> str:
        return self.voices[0].name if self.voices else ""

    def model(self, name: str) -> Model | None:
        return next((model for model in self.models if model.name == name), None)

    def takes_model(self, name: str) -> bool:
        return self.model(name) is not None or _matches(self.custom_models, name)

    def takes_voice(self, name: str) -> bool:
        return any(voice.name == name for voice in self.voices) or _matches(self.custom_voices, name)

    def option(self, name: str, model: str) -> Option | None:
        return next((option for option in self.options_for(model) if option.name == name), None)

    def options_for(self, model: str) -> tuple[Option, ...]:
        return tuple(option for option in self.options if option.fits(model))


def _matches(pattern: str, name: str) -> bool:
    return bool(pattern) and re.fullmatch(pattern, name) is not None
