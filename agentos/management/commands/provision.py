"""Set up a business without the dashboard: tenant, owner, published agent, number. Running it twice changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agentos import provisioning
from agentos.errors import DomainError
from agentos.tenants.scoping import tenant_transaction
from agents import catalog
from agents.catalog import Kind
from agents.drafts import OPTION
from agents.models import Agent, AgentVersion
from agents.templates_catalog import TEMPLATES

ON_OFF = ("on", "off")
PROVIDERS = {f"{place}{kind}": kind for place in ("", "second_") for kind in (Kind.STT, Kind.LLM, Kind.TTS)}
PLAIN = {
    "transport": "transport",
    "prompt": "prompt",
    "greeting": "greeting",
    "farewell": "farewell",
    "fallback": "fallback_sentence",
    "language": "language",
    "timezone": "timezone",
    "endpointing_ms": "endpointing_ms",
    "interruption": "interruption",
    "interruption_words": "interruption_words",
    "interruption_ms": "interruption_ms",
    "hedge_after_ms": "hedge_after_ms",
    "silence_timeout": "silence_timeout_s",
    "max_duration": "max_duration_s",
    "consent_notice": "consent_notice",
    "keyterm": "keyterms",
    "backchannel": "backchannels",
    "silence_prompt": "silence_prompts",
}
SWITCHES = ("speculation", "recording", "hedging")


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        _add_business(parser)
        _add_providers(parser)
        _add_behavior(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        result: dict[str, Any] = {}
        try:
            with provisioning.all_or_nothing():
                result = provision(options)
        except (DomainError, ValueError) as refusal:
            raise CommandError(str(refusal), returncode=2) from refusal
        self.stdout.write(json.dumps(result))


def _add_business(parser: CommandParser) -> None:
    parser.add_argument("--tenant", required=True, help="name or slug of the business")
    parser.add_argument("--timezone", help="of business and agent, such as America/Boise")
    parser.add_argument("--max-concurrent-calls", type=int, help=f"for a new business {provisioning.LINES}")
    parser.add_argument("--email", default="", help="of the owner, who signs in with it")
    parser.add_argument("--password", help="of the owner; without it nobody can sign in as a new owner")
    parser.add_argument("--number", help="answered by the agent, such as +12085550110")
    parser.add_argument("--label", default="", help="what the number is called")
    parser.add_argument("--agent", default="Front desk", help="its name; Front desk when left out")
    parser.add_argument(
        "--template",
        choices=[each.name for each in TEMPLATES],
        default=TEMPLATES[0].name,
        help="to begin a new agent with",
    )


def _add_providers(parser: CommandParser) -> None:
    shape = "provider, provider:model or model; such as {}"
    parser.add_argument("--transport", choices=AgentVersion.Transport.values)
    parser.add_argument("--stt", help=shape.format("offline, deepgram:nova-3, flux"))
    parser.add_argument("--llm", help=shape.format("offline, openai:gpt-6-luna"))
    parser.add_argument("--tts", help=shape.format("offline, elevenlabs:eleven_flash_v2_5"))
    parser.add_argument("--voice", help="id or name of the voice")
    parser.add_argument("--second-stt", help="hears when the first is lost; none takes it away")
    parser.add_argument("--second-llm", help="answers when the first fails; none takes it away")
    parser.add_argument("--second-tts", help="speaks when the first fails; none takes it away")
    parser.add_argument("--second-voice", help="id or name of the second voice")
    parser.add_argument(
        "--option", action="append", default=[], metavar="KIND.NAME=VALUE", help="such as stt.eot_threshold=0.8; repeat"
    )


def _add_behavior(parser: CommandParser) -> None:
    for name in ("prompt", "greeting", "farewell", "fallback", "consent-notice", "language"):
        parser.add_argument(f"--{name}")
    for name in ("keyterm", "backchannel", "silence-prompt"):
        parser.add_argument(f"--{name}", action="append", help="repeat for more")
    parser.add_argument("--variable", action="append", metavar="NAME=VALUE", help="for {{name}}; repeat for more")
    parser.add_argument("--endpointing-ms", type=int, help="silence that ends a turn")
    parser.add_argument("--hedge-after-ms", type=int, help="how late the first word may be before both are asked")
    parser.add_argument("--interruption", choices=AgentVersion.Interruption.values)
    parser.add_argument("--interruption-words", type=int)
    parser.add_argument("--interruption-ms", type=int)
    parser.add_argument("--silence-timeout", type=int, help="seconds")
    parser.add_argument("--max-duration", type=int, help="seconds")
    for name in SWITCHES:
        parser.add_argument(f"--{name}", choices=ON_OFF)


def provision(options: dict[str, Any]) -> dict[str, Any]:
    """Make the world as the options say, and describe it. Raises DomainError or ValueError with a sentence."""
    if (lines := options["max_concurrent_calls"]) is not None and lines < 1:
        raise DomainError("wrong_value", "A business needs at least one call at a time.")
    tenant = provisioning.ensure_tenant(options["tenant"], timezone=options["timezone"], lines=lines)
    email = options["email"]
    if email:
        email = provisioning.ensure_member(tenant, email, password=options["password"]).email
    version = provisioning.ensure_agent(
        tenant,
        options["agent"],
        changes=wished(options, _current(tenant.pk, options["agent"])),
        template_name=options["template"],
    )
    number = None
    if options["number"]:
        number = provisioning.ensure_number(tenant, options["number"], agent=version.agent, label=options["label"])
    return provisioning.described(tenant, version, email=email, number=number)


def _current(tenant_id: int, name: str) -> AgentVersion | None:
    with tenant_transaction(tenant_id):
        agent = Agent.objects.select_related("published").filter(name=name, archived_at=None).first()
        return agent.published if agent else None


def wished(options: dict[str, Any], live: AgentVersion | None) -> dict[str, Any]:
    """The flags that were given, as changes to a draft."""
    changes = {field: options[flag] for flag, field in PLAIN.items() if options[flag] is not None}
    changes |= {name: options[name] == "on" for name in SWITCHES if options[name]}
    for role, kind in PROVIDERS.items():
        changes |= _provider(role, kind, options[role])
    for role, flag in (("tts", "voice"), ("second_tts", "second_voice")):
        if options[flag]:
            name = changes.get(f"{role}_provider") or getattr(live or AgentVersion(), f"{role}_provider")
            changes[f"{role}_voice"] = _voice(name, options[flag])
    if options["variable"]:
        changes["variables"] = dict(_pair(each, "--variable") for each in options["variable"])
    return changes | dict(_settings(options["option"]))


def _provider(role: str, kind: Kind, wish: str | None) -> dict[str, str]:
    if not wish:
        return {}
    if wish == "none" and role.startswith("second"):
        return {f"{role}_provider": ""}
    offer, model = catalog.choose(kind, wish)
    return {f"{role}_provider": offer.name, f"{role}_model": model}


def _voice(provider: str, wish: str) -> str:
    offer = catalog.provider(Kind.TTS, provider)
    if offer is None:
        raise ValueError(f"The voice {wish} needs a provider: name it with --second-tts.")
    return catalog.choose_voice(offer, wish)


def _settings(options: list[str]) -> Iterator[tuple[str, str]]:
    for each in options:
        name, value = _pair(each, "--option")
        kind, dot, setting = name.partition(".")
        if not dot or kind not in ("stt", "llm", "tts"):
            raise ValueError(f"Write --option {each} as stt.name=value, llm.name=value or tts.name=value.")
        yield f"{kind}{OPTION}{setting}", value


def _pair(text: str, flag: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"Write {flag} {text} with a value: name=value.")
    return name.strip(), value.strip()
