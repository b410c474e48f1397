"""What a draft accepts: each change is judged by itself, kept when it makes sense, else answered with a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from agentos.tenants.zones import timezones
from agents.catalog import LANGUAGES, Kind, provider
from agents.comparison import EDITABLE, ESCALATED, REDACTED
from agents.findings import LONGEST_CRITERION, MOST_CRITERIA, read_fields
from agents.models import AgentVersion
from agents.offers import Option, Provider
from agents.prompts import BUILT_IN, NAME, VALUE_LIMIT
from agents.tool_choice import judge_tools
from agents.transports import OPTIONS

Errors = dict[str, list[str]]

ROLES: Mapping[str, Kind] = {
    "stt": Kind.STT,
    "llm": Kind.LLM,
    "tts": Kind.TTS,
    "second_stt": Kind.STT,
    "second_llm": Kind.LLM,
    "second_tts": Kind.TTS,
}
OPTION = "_options__"
NO_MODELS: Mapping[str, str] = MappingProxyType({})
MOST_KEYTERM_WORDS = 100
MOST_SILENCE_PROMPTS = 5
MOST_BACKCHANNELS = 50
MOST_VARIABLES = 50
LONGEST_SENTENCE = 300
LONGEST_TERM = 60
MOST_LANGUAGES = 9
_LANGUAGE_TAG = r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?"

_CHOSEN_BY_PROVIDER = re.compile(rf"(?:{'|'.join(ROLES)})_(?:provider|model|voice|options)|transport(?:_options)?")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Judgement:
    """What became of changes to a draft with the values `current`: what is accepted and differs; errors for others."""

    def __init__(
        self, current: Mapping[str, Any], changes: Mapping[str, Any], first_models: Mapping[str, str] = NO_MODELS
    ) -> None:
        self.current, self.changes, self.first_models = current, changes, first_models
        self.accepted: dict[str, Any] = {}
        self.errors: Errors = {}
        for role, kind in ROLES.items():
            self._choose(role, kind)
        self._grant()
        self._choose_transport()
        for field, value in changes.items():
            if field in EDITABLE and field != "tools" and not _CHOSEN_BY_PROVIDER.fullmatch(field):
                self._try(field, value)
        self._forget_voices()

    def _value(self, field: str) -> Any:
        return self.accepted.get(field, self.current[field])

    def _refuse(self, field: str, message: str) -> None:
        self.errors.setdefault(field, []).append(message)

    def _try(self, field: str, value: Any) -> None:
        try:
            self._keep(field, _RULES.get(field, _plain)(field, value))
        except ValidationError as error:
            self.errors.setdefault(field, []).extend(_said(error))

    def _keep(self, field: str, value: Any) -> None:
        if value != self.current[field]:
            self.accepted[field] = value

    def _choose(self, role: str, kind: Kind) -> None:
        """A provider, and what depends on it. Another provider brings its own model, voice and settings."""
        wish = self.changes.get(f"{role}_provider", self.current[f"{role}_provider"])
        if not wish and role.startswith("second"):
            self._choose_none(role)
            return
        offer = provider(kind, str(wish))
        if offer is None:
            self._refuse(f"{role}_provider", "This provider is not on offer.")
            return
        moved = offer.name != self.current[f"{role}_provider"]
        self._keep(f"{role}_provider", offer.name)
        default_model = self.first_models.get(offer.name, offer.default_model)
        self._choose_part(role, "model", moved, default_model, offer.takes_model)
        if kind is Kind.TTS:
            self._choose_part(role, "voice", moved, offer.default_voice, offer.takes_voice)
        if f"{role}_options" in self.current:
            self._choose_options(role, offer, moved)

    def _choose_none(self, role: str) -> None:
        for part in ("provider", "model", "voice"):
            if f"{role}_{part}" in self.current:
                self._keep(f"{role}_{part}", "")

    def _choose_part(self, role: str, part: str, moved: bool, default: str, takes: Callable[[str], bool]) -> None:
        """A page sends the old provider's model along with the new provider: that one was not chosen."""
        field = f"{role}_{part}"
        wish = str(self.changes.get(field, self.current[field])).strip()
        if moved and (field not in self.changes or wish in ("", self.current[field])):
            wish = default
        if field not in self.changes and not moved:
            return
        if takes(wish):
            self._keep(field, wish)
        else:
            self._refuse(field, f"There is no {part} called {wish}." if wish else f"Choose a {part}.")

    def _choose_options(self, role: str, offer: Provider, moved: bool) -> None:
        """Settings by name; those of a provider or model that is no longer chosen are dropped with it."""
        model = self._value(f"{role}_model")
        self._keep_options(role, offer.options_for(model), f"{offer.label} has no setting {{}} for {model}.", moved)

    def _choose_transport(self) -> None:
        """How calls are carried, and the settings that this way knows."""
        wish = self.changes.get("transport", self.current["transport"])
        if wish not in OPTIONS:
            self._refuse("transport", "Calls cannot be carried in this way.")
            return
        self._keep("transport", str(wish))
        self._keep_options("transport", OPTIONS[wish], "There is no setting {}.", wish != self.current["transport"])

    def _keep_options(self, role: str, options: Iterable[Option], unknown: str, moved: bool) -> None:
        field, known = f"{role}_options", {option.name: option for option in options}
        whole = self.changes.get(field)
        anew = moved or whole is not None
        kept = {} if anew else {name: value for name, value in self.current[field].items() if name in known}
        for name, raw in self._wished_options(role, whole):
            if name not in known:
                self._refuse(f"{role}{OPTION}{name}", unknown.format(name))
                continue
            try:
                value = known[name].parse(raw)
            except ValueError as error:
                self._refuse(f"{role}{OPTION}{name}", str(error))
                continue
            kept.pop(name, None)
            if value is not None and value != known[name].default:
                kept[name] = value
        self._keep(field, kept)

    def _wished_options(self, role: str, whole: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(whole, Mapping):
            yield from whole.items()
        elif whole is not None:
            self._refuse(f"{role}_options", "Settings have a name and a value each.")
        prefix = f"{role}{OPTION}"
        yield from ((key[len(prefix) :], raw) for key, raw in self.changes.items() if key.startswith(prefix))

    def _forget_voices(self) -> None:
        """Another provider does not know the voices that the old one had for other languages."""
        if "tts_provider" not in self.accepted:
            return
        old = {each["voice"] for each in self.current["other_languages"]}
        rows = [each | ({"voice": ""} if each["voice"] in old else {}) for each in self._value("other_languages")]
        self._keep("other_languages", rows)

    def _grant(self) -> None:
        """What the agent can do: all of it as `tools`, or one by one as `tools__name` and `tools__name__setting`."""
        granted, refused = judge_tools(self.current["tools"], self.changes)
        self._keep("tools", granted)
        for field, message in refused.items():
            self._refuse(field, message)


def judge(
    current: Mapping[str, Any], changes: Mapping[str, Any], first_models: Mapping[str, str] = NO_MODELS
) -> Judgement:
    """Sort `changes` into what a draft with the values `current` accepts and what it does not.

    A setting of a provider is called `stt_options__name`; None gives it back to the provider's default.
    `first_models`: with which model a provider begins, where it is not the catalog's first.
    An empty text is accepted: a draft may be unfinished, publishing asks for the rest.
    """
    return Judgement(current, changes, first_models)


def text(value: object) -> str:
    """As it can be stored: line ends of one kind, nothing that a database refuses."""
    return _UNSTORABLE.sub("", str(value)).replace("\r\n", "\n").replace("\r", "\n")


def _plain(field: str, value: Any) -> Any:
    """By the model's own rules, except that a text may be empty."""
    column = AgentVersion._meta.get_field(field)
    value = text(value) if isinstance(value, str) else value
    if value == "" and isinstance(column, models.CharField | models.TextField) and not column.choices:
        return value
    limit = getattr(column, "max_length", None)
    if isinstance(value, str) and limit and len(value) > limit:
        raise ValidationError(f"Shorten this to {limit:,} characters; it has {len(value):,}.")
    return column.clean(value, None)  # type: ignore[union-attr]


def _said(error: ValidationError) -> list[str]:
    """What is wrong, in words of ours where the model's rule knows only how far a number may go."""
    words = {"max_value": "At most {:,}.", "min_value": "At least {:,}."}
    return [
        words[each.code].format(each.params["limit_value"]) if each.params and each.code in words else each.messages[0]
        for each in error.error_list
    ]


def _language(field: str, value: Any) -> str:
    if value not in LANGUAGES:
        raise ValidationError(f"This language is not on offer. Choose one of {', '.join(LANGUAGES)}.")
    return str(value)


def _other_languages(field: str, value: Any) -> list[dict[str, str]]:
    """Each once. One that is stored already stays, though it is not on offer: it was written by hand once."""
    rows = value if isinstance(value, list | tuple) else None
    if rows is None or not all(isinstance(row, Mapping) for row in rows):
        raise ValidationError("Each language has a code and may have a voice.")
    named = {str(row.get("language", "")): str(row.get("voice") or "").strip() for row in rows}
    if len(named) > MOST_LANGUAGES:
        raise ValidationError(f"At most {MOST_LANGUAGES} languages; these are {len(named)}.")
    if wrong := next((code for code in named if not re.fullmatch(_LANGUAGE_TAG, code)), None):
        raise ValidationError(f"“{wrong[:20]}” is no language. Choose from {', '.join(LANGUAGES)}.")
    if wrong := next((voice for voice in named.values() if not re.fullmatch(r"[\w.+-]{0,80}", voice)), None):
        raise ValidationError(f"“{wrong[:40]}” is no voice.")
    return [{"language": code, "voice": voice} for code, voice in named.items()]


def _timezone(field: str, value: Any) -> str:
    if value not in timezones():
        raise ValidationError("There is no time zone of this name. Write it like America/Boise.")
    return str(value)


def _terms(value: Any, longest: int) -> list[str]:
    if not isinstance(value, list | tuple):
        raise ValidationError("Write one on each line.")
    terms = [" ".join(text(each).split()) for each in value]
    terms = list(dict.fromkeys(term for term in terms if term))
    if too_long := next((term for term in terms if len(term) > longest), None):
        raise ValidationError(f"“{too_long[:40]}…” is longer than {longest} characters.")
    return terms


def _keyterms(field: str, value: Any) -> list[str]:
    terms = _terms(value, LONGEST_TERM)
    if (count := sum(len(term.split()) for term in terms)) > MOST_KEYTERM_WORDS:
        raise ValidationError(f"At most {MOST_KEYTERM_WORDS} words; these are {count}.")
    return terms


def _backchannels(field: str, value: Any) -> list[str]:
    terms = [term.lower() for term in _terms(value, LONGEST_TERM)]
    if len(terms) > MOST_BACKCHANNELS:
        raise ValidationError(f"At most {MOST_BACKCHANNELS}; these are {len(terms)}.")
    return terms


def _silence_prompts(field: str, value: Any) -> list[str]:
    prompts = _terms(value, LONGEST_SENTENCE)
    if len(prompts) > MOST_SILENCE_PROMPTS:
        raise ValidationError(f"At most {MOST_SILENCE_PROMPTS} sentences; these are {len(prompts)}.")
    return prompts


def _success_criteria(field: str, value: Any) -> list[str]:
    criteria = _terms(value, LONGEST_CRITERION)
    if len(criteria) > MOST_CRITERIA:
        raise ValidationError(f"At most {MOST_CRITERIA} sentences; these are {len(criteria)}.")
    return criteria


def _extraction(field: str, value: Any) -> list[dict[str, Any]]:
    try:
        return [each.to_json() for each in read_fields(value)]
    except ValueError as error:
        raise ValidationError(str(error)) from None


def _some_of(offered: Mapping[str, str]) -> Callable[[str, Any], list[str]]:
    def chosen(field: str, value: Any) -> list[str]:
        if not isinstance(value, list | tuple) or not set(value) <= set(offered):
            raise ValidationError(f"Choose from {', '.join(offered)}.")
        return [kind for kind in offered if kind in value]

    return chosen


def _variables(field: str, value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise ValidationError("Write one name = value on each line.")
    if len(value) > MOST_VARIABLES:
        raise ValidationError(f"At most {MOST_VARIABLES} values; these are {len(value)}.")
    for name, each in value.items():
        if not NAME.fullmatch(str(name)):
            raise ValidationError(f"“{name}” is no name: use small letters, digits and underscores.")
        if name in BUILT_IN:
            raise ValidationError(f"{name} is filled in for every call and cannot be set here.")
        if len(str(each)) > VALUE_LIMIT:
            raise ValidationError(f"{name} is longer than {VALUE_LIMIT} characters.")
    return {name: text(each) for name, each in value.items()}


_RULES: Mapping[str, Callable[[str, Any], Any]] = {
    "language": _language,
    "other_languages": _other_languages,
    "timezone": _timezone,
    "keyterms": _keyterms,
    "backchannels": _backchannels,
    "silence_prompts": _silence_prompts,
    "redaction": _some_of(REDACTED),
    "escalation": _some_of(ESCALATED),
    "success_criteria": _success_criteria,
    "extraction": _extraction,
    "variables": _variables,
}
