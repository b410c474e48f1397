"""The draft as a form. It only turns text into values; what makes sense is judged by `drafts` and `checklist`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from django import forms

from agentos.forms import DrawnField
from agentos.tenants.zones import zones_by_region
from agents import transports
from agents.catalog import LANGUAGES, PROVIDERS, Kind, provider
from agents.checklist import is_configured, seconds_spoken
from agents.comparison import ESCALATED, LABELS, REDACTED
from agents.drafts import OPTION, ROLES, Errors
from agents.form_fields import Lines, Pairs, Slider, Terms
from agents.models import Agent, AgentVersion
from agents.offers import Option, Provider
from agents.own_tools import on_offer
from agents.prompts import placeholders
from agents.retirement import titled
from agents.spoken_rows import SpokenLanguages
from agents.templates_catalog import TEMPLATES
from agents.tool_choice import PREFIX as TOOL
from agents.tools import Setting, Tool
from agents.vendor_lists import enriched, known_lists
from agents.wanted_fields import WantedFields

OTHER = "_other"
MOST_STEPS_OF_A_SLIDER = 300
MINUTES = (5, 10, 15, 20, 30, 45, 60, 120, 240)
Choices = list[tuple[str, Any]]

HINTS = {
    "variables": "One on each line, such as hours = Monday to Friday. Used when a call brings no value of its own.",
    "second_stt_provider": "Hears when the transcriber is lost, also in the middle of a call: no word is lost with it.",
    "hedging": "The second model is asked as well; whoever answers first speaks, and the other is stopped.",
    "second_llm_provider": "Answers when the model fails or is too slow with its first word.",
    "second_tts_provider": "Speaks when the voice fails or is too slow with its first sound.",
    "language": "In which the agent begins.",
    "other_languages": "A caller who asks for one of these is answered in it. Some voices speak one language alone: "
    "choose another one for it.",
    "keyterms": "Names and terms that callers say, parted by commas. At most 100 words.",
    "interruption_words": "How many words a caller must have said.",
    "backchannels": "Said while the agent speaks, these only show that the caller listens. Parted by commas.",
    "speculation": "Answers sooner. Replies that turn out to be premature are never heard, but cost a little.",
    "silence_prompts": "One on each line, at most five. After the last one the agent says goodbye.",
    "duration_warning": "Said half a minute before the end.",
    "farewell": "Said before the agent hangs up by itself.",
    "fallback_sentence": "Said when model or voice fail, while the agent tries again.",
    "timezone": "In which the agent says dates and times.",
    "recording": "Both sides on a channel each, kept with the call.",
    "escalation": "The people under Settings are called. When nobody is there, the agent offers to take a message.",
    "redaction": "Replaced before anything is stored, also when they are spoken digit by digit.",
    "redacted_recording": "A voice cannot be redacted. Otherwise calls with something left out are not recorded.",
    "analysis": "When it is over, the agent’s model says in a few words what came of it.",
    "success_criteria": "One sentence on each line, such as: The caller got an appointment.",
    "extraction": "Filled in from what was said, and left empty where nothing was. You find them with the call.",
    "consent_notice": "Spoken before the first words, when calls are recorded.",
}


class DraftField(DrawnField):
    """Knows what is wrong with the draft's value, and whether callers hear another one."""

    form: DraftForm

    @property
    def subject(self) -> str:
        """The field of the version that it belongs to."""
        return self.name.partition("__")[0].removesuffix(OTHER)

    @property
    def mark(self) -> str:
        """By which the page tells what callers do not hear yet: the field, and of the tools each one by itself."""
        return "__".join(self.name.split("__")[:2]) if self.name.startswith(TOOL) else self.subject

    @property
    def messages(self) -> list[str]:
        return self.form.wrong.get(self.name, [])

    @property
    def is_changed(self) -> bool:
        return self.mark in self.form.changed and not self.name.endswith(OTHER)

    @property
    def is_slider(self) -> bool:
        return isinstance(self.field.widget, Slider)

    @property
    def aria_describedby(self) -> str:
        hint = f"{self.auto_id}_helptext " if self.help_text else ""
        return f"{hint}{self.auto_id}_error"

    def build_widget_attrs(self, attrs: dict[str, Any], widget: Any = None) -> dict[str, Any]:
        built = super().build_widget_attrs(attrs, widget)
        if self.messages:
            built["aria-invalid"] = "true"
        return built


class DraftForm(forms.Form):
    """Every field of a draft with the values `spec`; with `only`, those fields and no others."""

    bound_field_class = DraftField

    def __init__(
        self, spec: Mapping[str, Any], data: Mapping[str, Any] | None = None, *, only: Collection[str] | None = None
    ) -> None:
        self.spec = spec
        self.wrong: Errors = {}
        self.changed: Collection[str] = ()
        super().__init__(data, initial=_initial(spec), use_required_attribute=False)
        for name, field in {**_own_fields(spec), **_provider_fields(spec), **_tool_fields(spec)}.items():
            if only is None or name in only:
                field.required = False
                field.label = field.label or LABELS.get(name, "")
                field.help_text = field.help_text or HINTS.get(name, "")
                self.fields[name] = field
        for name, note in _notes(spec).items():
            if name in self.fields:
                self.fields[name].help_text = note

    def changes(self) -> dict[str, Any]:
        """What was filled in, as `services.save_draft` takes it. A typed name wins over a chosen one."""
        self.full_clean()
        filled: dict[str, Any] = dict(self.cleaned_data)
        for name in [name for name in filled if name.endswith(OTHER)]:
            if typed := filled.pop(name):
                filled[name.removesuffix(OTHER)] = typed
        return {name: value for name, value in filled.items() if self._still_applies(name, filled)}

    def _still_applies(self, name: str, filled: Mapping[str, Any]) -> bool:
        """A page sends the settings of the provider and model that it was made for, whatever is chosen on it."""
        role, is_option, setting = name.partition(OPTION)
        if not is_option:
            return True
        if role == "transport":
            return transports.option(filled.get(role, self.spec[role]), setting) is not None
        chosen, model = (filled.get(f"{role}_{part}", self.spec[f"{role}_{part}"]) for part in ("provider", "model"))
        offer = provider(ROLES[role], chosen)
        return (
            chosen == self.spec[f"{role}_provider"] and offer is not None and offer.option(setting, model) is not None
        )

    def names(self, role: str, part: str) -> list[str]:
        """The fields of a part of the page: `more`, what most people never touch, or all `choices` of a provider."""
        choices = [name for name in self.fields if name.startswith(f"{role}_") and name != f"{role}_provider"]
        return choices if part == "choices" else [name for name in choices if name.endswith(OTHER) or OPTION in name]

    @property
    def tools(self) -> list[tuple[DraftField, list[DraftField]]]:
        """What the agent can do: the switch of each tool, and its settings."""
        return [(self[f"{TOOL}{tool.name}"], self._settings(tool)) for tool in on_offer().values()]  # type: ignore[misc]

    def _settings(self, tool: Tool) -> list[DraftField]:
        return [self[f"{TOOL}{tool.name}__{each.name}"] for each in tool.settings]  # type: ignore[misc]

    @property
    def carrying(self) -> dict[str, list[DraftField]]:
        """The settings of each way of carrying calls that has any."""
        return {
            name: [self[f"transport{OPTION}{each.name}"] for each in options]  # type: ignore[misc]
            for name, options in transports.OPTIONS.items()
            if options
        }

    @property
    def meanings(self) -> list[tuple[str, str, str]]:
        """Each way of carrying calls, what it is, and what engineers call it."""
        return [(way, meaning, transports.TECHNICAL[way]) for way, meaning in transports.MEANING.items()]

    @property
    def without(self) -> dict[str, tuple[str, ...]]:
        """What does not work with a way of carrying calls, where that is more than its settings say."""
        return transports.WITHOUT

    @property
    def more(self) -> dict[str, list[DraftField]]:
        """By role, names that are not listed, and the provider's own settings."""
        return {role: [self[name] for name in self.names(role, "more")] for role in ROLES}  # type: ignore[misc]


def _initial(spec: Mapping[str, Any]) -> dict[str, Any]:
    settings = {
        f"{role}{OPTION}{name}": value
        for role in ("stt", "llm", "tts", "transport")
        for name, value in spec[f"{role}_options"].items()
    }
    return {**spec, **settings, **_chosen_tools(spec["tools"])}


def _chosen_tools(grants: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    for grant in grants:
        chosen[f"{TOOL}{grant['name']}"] = True
        chosen |= {f"{TOOL}{grant['name']}__{name}": value for name, value in grant.get("settings", {}).items()}
    return chosen


def _own_fields(spec: Mapping[str, Any]) -> dict[str, forms.Field]:
    """The fields that every agent has, whatever the providers."""
    return {
        "greeting": forms.CharField(widget=_text(2, "input--speech"), strip=False),
        "prompt": forms.CharField(widget=_text(9), strip=False),
        "variables": Pairs(widget=_text(3, "input--code")),
        "language": forms.CharField(widget=forms.Select(choices=list(LANGUAGES.items()))),
        "keyterms": Terms(widget=_text(1)),
        "endpointing_ms": forms.CharField(widget=_milliseconds(100, 3000, 10, "quick", "patient")),
        "interruption": forms.CharField(widget=forms.Select(choices=AgentVersion.Interruption.choices)),
        "interruption_words": forms.CharField(widget=_number(1, 10)),
        "interruption_ms": forms.CharField(widget=_milliseconds(0, 2000, 50, "at once", "after 2 s")),
        "backchannels": Terms(widget=_text(1)),
        "speculation": forms.BooleanField(label="Begin the reply before the caller has certainly finished"),
        "hedging": forms.BooleanField(label="Ask both models when the first word is late"),
        "hedge_after_ms": forms.CharField(widget=_milliseconds(300, 1500, 100, "impatient", "patient")),
        "silence_timeout_s": forms.CharField(widget=_number(2, 60), help_text="Seconds."),
        "silence_prompts": Lines(widget=_text(2, "input--speech")),
        "max_duration_s": forms.CharField(widget=forms.Select(choices=_durations(spec["max_duration_s"]))),
        "duration_warning": _sentence(),
        "farewell": _sentence(),
        "fallback_sentence": _sentence(),
        "timezone": forms.CharField(widget=forms.Select(choices=zones_by_region(spec["timezone"]))),
        "recording": forms.BooleanField(),
        "consent_notice": _sentence(),
        "transport": forms.CharField(widget=forms.Select(choices=AgentVersion.Transport.choices)),
        **{f"transport{OPTION}{each.name}": _option(each) for each in _transport_options()},
        "redaction": forms.MultipleChoiceField(choices=list(REDACTED.items()), widget=forms.CheckboxSelectMultiple),
        "redacted_recording": forms.BooleanField(),
        "escalation": forms.MultipleChoiceField(choices=list(ESCALATED.items()), widget=forms.CheckboxSelectMultiple),
        "analysis": forms.BooleanField(),
        "success_criteria": Lines(widget=_text(3)),
        "extraction": WantedFields(),
    }


def _transport_options() -> Iterator[Option]:
    return (option for options in transports.OPTIONS.values() for option in options)


def _tool_fields(spec: Mapping[str, Any]) -> dict[str, forms.Field]:
    """A switch for each tool, and what can be chosen about it."""
    fields: dict[str, forms.Field] = {}
    chosen = _chosen_tools(spec["tools"])
    for tool in on_offer().values():
        fields[f"{TOOL}{tool.name}"] = forms.BooleanField(label=tool.title, help_text=tool.hint)
        for each in tool.settings:
            name = f"{TOOL}{tool.name}__{each.name}"
            fields[name] = _tool_setting(each, chosen.get(name, each.default))
    return fields


def _tool_setting(setting: Setting, current: str) -> forms.Field:
    gone = setting.choices and current not in dict(setting.choices)
    choices = (*setting.choices, (current, "Not there any more")) if gone else setting.choices
    widget: forms.Widget = forms.Select(choices=choices) if choices else forms.TextInput()
    return forms.CharField(label=setting.label, help_text=setting.hint, initial=setting.default, widget=widget)


def _text(rows: int, style: str = "") -> forms.Textarea:
    return forms.Textarea({"rows": rows, "class": style})


def _sentence() -> forms.CharField:
    return forms.CharField(widget=_text(1, "input--speech"))


def _milliseconds(least: int, most: int, step: int, low: str, high: str) -> Slider:
    return Slider(low, high, {"min": least, "max": most, "step": step}, "ms")


def _number(low: int, high: int) -> forms.NumberInput:
    return forms.NumberInput({"class": "input", "min": low, "max": high, "inputmode": "numeric"})


def _durations(current: int) -> Choices:
    seconds = sorted({*(minutes * 60 for minutes in MINUTES), current})
    return [(str(each), f"{each // 60} minutes" if each % 60 == 0 else f"{each:,} seconds") for each in seconds]


def _provider_fields(spec: Mapping[str, Any]) -> dict[str, forms.Field]:
    """What depends on who does the work."""
    lists = known_lists()
    fields: dict[str, forms.Field] = {
        "other_languages": SpokenLanguages(enriched(Kind.TTS, spec["tts_provider"], lists))
    }
    for role, kind in ROLES.items():
        fields[f"{role}_provider"] = forms.CharField(widget=forms.Select(choices=_providers(role, kind)))
        offer = enriched(kind, spec[f"{role}_provider"], lists)
        if offer is None:
            continue
        model = spec[f"{role}_model"]
        models = [(each.name, titled(each)) for each in offer.models]
        fields |= _choice(
            f"{role}_model", models, model, "Another model, by its exact name" * bool(offer.custom_models)
        )
        if kind is Kind.TTS:
            voices = [(each.name, each.label) for each in offer.voices]
            other = "Another voice, by its id" * bool(offer.custom_voices)
            fields |= _choice(f"{role}_voice", voices, spec[f"{role}_voice"], other)
        if f"{role}_options" in spec:
            fields |= {f"{role}{OPTION}{each.name}": _option(each) for each in offer.options_for(model)}
    return fields


def _providers(role: str, kind: Kind) -> Choices:
    nobody = "Say the sentence for failures" if role.startswith("second") else ""
    return [("", nobody)] * bool(nobody) + [(each.name, _named(each, kind)) for each in PROVIDERS[kind]]


def _named(offer: Provider, kind: Kind) -> str:
    if is_configured(offer.name, kind):
        return offer.label
    return f"{offer.label} ({'no address yet' if offer.needs_address else 'no key on this server'})"


def _choice(name: str, known: Choices, current: str, other: str) -> dict[str, forms.Field]:
    """A choice of what is listed, and where the provider takes more than that, a field to name it."""
    if current not in dict(known):
        known = [*known, (current, current)]
    fields: dict[str, forms.Field] = {name: forms.CharField(widget=forms.Select(choices=known))}
    if other:
        widget = forms.TextInput({"class": "input--code", "autocomplete": "off", "spellcheck": "false"})
        fields[name + OTHER] = forms.CharField(label=other, widget=widget)
    return fields


def _option(option: Option) -> forms.Field:
    words: dict[str, Any] = {"label": option.label, "help_text": option.hint, "initial": option.default}
    if option.type == "flag":
        return forms.BooleanField(**words)
    if option.type == "text":
        widget = forms.TextInput({"class": "input--code", "autocomplete": "off", "spellcheck": "false"})
        return forms.CharField(widget=widget, **words)
    if option.type == "choice":
        unset = [("", "As the provider decides")] if option.default is None else []
        return forms.CharField(widget=forms.Select(choices=[*unset, *option.choices]), **words)
    limits = {"min": option.minimum, "max": option.maximum, "step": option.step}
    low, high = option.minimum or 0, option.maximum or 0
    if option.default is not None and (high - low) / option.step <= MOST_STEPS_OF_A_SLIDER:
        return forms.CharField(widget=Slider(f"{low:g}", f"{high:g}", limits), **words)
    placeholder = "" if option.default is None else f"{option.default}"
    words["initial"] = None
    return forms.CharField(widget=forms.NumberInput({"class": "input", "placeholder": placeholder, **limits}), **words)


def _notes(spec: Mapping[str, Any]) -> dict[str, str]:
    """What can be said about the two long texts while they are written."""
    named = placeholders(f"{spec['greeting']} {spec['prompt']}")
    names = f" Names in use: {', '.join(named)}." if named else " Write {{business_name}} where a value belongs."
    seconds, words = seconds_spoken(spec["greeting"]), len(spec["prompt"].split())
    return {
        "greeting": f"{seconds} {'second' if seconds == 1 else 'seconds'} when spoken.",
        "prompt": f"{words:,} {'word' if words == 1 else 'words'}.{names}",
    }


class NewAgentForm(forms.Form):
    """A name, and where to begin."""

    ready_made = forms.ChoiceField(
        label="Begin with", widget=forms.RadioSelect, choices=[(each.name, each.title) for each in TEMPLATES]
    )
    name = forms.CharField(max_length=80, help_text="For your team, such as Front desk. Callers do not hear it.")


class NameForm(forms.Form):
    name = forms.CharField(max_length=80, label="Name")


class PublishForm(forms.Form):
    note = forms.CharField(
        label="What changed", max_length=200, required=False, help_text="For those who read the history later."
    )


class CompareForm(forms.Form):
    """Which two versions; `draft` is the draft."""

    before = forms.ChoiceField(label="From", widget=forms.Select({"class": "input--fit"}))
    after = forms.ChoiceField(label="To", widget=forms.Select({"class": "input--fit"}))

    def __init__(self, *args: Any, versions: Iterable[AgentVersion], agent: Agent, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("draft", "Draft")]
        for version in versions:
            live = ", live" if version.pk == agent.published_id else ""
            choices.append((str(version.number), f"Version {version.number}{live}"))
        for name in ("before", "after"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]
