"""`manage.py call`: somebody calls one of our numbers, speaks, and tells what was heard."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from agents.versions import VersionSpec
from calls.scripts import CallTexts
from telephony import addresses
from telephony.models import PhoneNumber
from telephony.services import normalized
from telephony.simulator.listening import Line, Spoken, listen_back
from telephony.simulator.people import BargeIn, HangUp, Noise, Pause, Person, Press, Say, Step, WaitForAgent
from telephony.simulator.placing import Errand, NotPlaced, PlacedCall, place_here, place_through
from telephony.simulator.report import conversation_lines, outcome, was_connected
from telephony.simulator.setup import Account
from telephony.simulator.tracks import wav_of_both
from telephony.simulator.voices import DEFAULT_VOICE

STRANGER = "+12085550199"
STAYS_S = 30.0
NO_SIP = (
    "A SIP address is no number of ours, so nobody here answers it: name the agent's address with --url, or, to have a "
    "SIP phone called, enter it as the SIP address of a contact and start a campaign."
)


def steps_of(make: Callable[[str], Sequence[Step]]) -> type[argparse.Action]:
    """An argument that adds to the script, so that the script has the order of the command line."""

    class AddSteps(argparse.Action):
        def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
            try:
                added = make(values)
            except ValueError as error:
                raise argparse.ArgumentError(self, str(error)) from error
            namespace.steps = [*(getattr(namespace, "steps", None) or []), *added]

    return AddSteps


def seconds(text: str) -> int:
    return round(float(text) * 1000)


class Command(BaseCommand):
    help = "Call one of our numbers, speak, and print both sides as they sounded. Fails if nobody was reached."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", required=True, help="our number to call, such as +12085550110")
        parser.add_argument("--from", dest="caller", default=STRANGER, help=f"who calls; {STRANGER} by default")
        script = parser.add_argument_group("what the caller does, in this order")
        for flag, metavar, make, help_text in (
            ("--say", "TEXT", lambda text: (WaitForAgent(), Say(text)), "say this when the agent has finished"),
            ("--barge-in", "TEXT", lambda text: (BargeIn(text),), "say this while the agent speaks"),
            ("--press", "KEYS", lambda keys: (WaitForAgent(), Press(keys)), "press keys when the agent has finished"),
            ("--silence", "SECONDS", lambda text: (Pause(seconds(text)),), "stay silent for so long"),
            ("--noise", "SECONDS", lambda text: (Noise(seconds(text)),), "make noise for so long"),
        ):
            script.add_argument(flag, metavar=metavar, action=steps_of(make), dest="steps", help=help_text)
        script.add_argument("--hang-up-after-agent", action="store_true", help="hang up after the agent's last words")
        script.add_argument(
            "--stay", type=float, default=STAYS_S, metavar="SECONDS", help=f"wait so long at the end ({STAYS_S:g})"
        )
        script.add_argument("--voice", default=DEFAULT_VOICE, help=f"a voice of espeak-ng; {DEFAULT_VOICE} by default")
        parser.add_argument("--url", help="ask here what to do with the call, whoever owns the number")
        parser.add_argument("--status-url", default="", help="with --url: report the end of the call here")
        parser.add_argument("--here", action="store_true", help="be the carrier, even if a practice carrier runs")
        parser.add_argument("--wav", type=Path, metavar="FILE", help="keep both sides: caller left, agent right")
        parser.add_argument("--json", action="store_true", help="print everything that is known as one JSON object")

    def handle(self, **options: Any) -> None:
        errand, spoken = make_errand(options)
        if not settings.TWILIO_AUTH_TOKEN:
            raise CommandError("TWILIO_AUTH_TOKEN is not set and no `make demo` runs: nobody would believe the call.")
        if not options["json"]:
            self.stdout.write(f"Calling {errand.to} from {errand.from_} …")
            self.stdout.flush()
        try:
            placed = asyncio.run(place(errand, here=options["here"]))
            lines = listen_back(placed.said, placed.heard, spoken)
        except NotPlaced as error:
            raise CommandError(str(error)) from error
        except ImportError as error:
            raise CommandError("The offline voice is missing: pip install -r requirements-offline.txt") from error
        if options["wav"]:
            options["wav"].write_bytes(wav_of_both(placed.said, placed.heard))
        self._tell(placed, lines, options)
        if not was_connected(placed.facts):
            sys.exit(1)

    def _tell(self, placed: PlacedCall, lines: Sequence[Line], options: dict[str, Any]) -> None:
        if options["json"]:
            told = {**placed.facts, "conversation": [line.facts() for line in lines]}
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        for line in (*conversation_lines(placed.facts, lines), *outcome(placed.facts)):
            self.stdout.write(line)
        if options["wav"]:
            self.stdout.write(f"Both sides are in {options['wav']}: the caller left, the agent right.")


async def place(errand: Errand, *, here: bool) -> PlacedCall:
    """Through the practice carrier if one runs, or else from this process. Raises NotPlaced."""
    account = Account(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN)
    may_practise = settings.TWILIO_BASE_URL.startswith("http:")  # the real carrier has no plain HTTP
    placed = await place_through(settings.TWILIO_BASE_URL, errand, account) if may_practise and not here else None
    return placed or await place_here(errand, account)


def make_errand(options: dict[str, Any]) -> tuple[Errand, Spoken]:
    """What the arguments ask for, and what the agent may say. Raises CommandError for a number that nobody answers."""
    steps: list[Step] = list(options["steps"] or [])
    if options["hang_up_after_agent"]:
        steps += [WaitForAgent(), HangUp()]
    person = Person(tuple(steps), voice=options["voice"], stays_ms=round(options["stay"] * 1000))
    caller = options["caller"]
    if options["url"]:
        return Errand(caller, options["to"], options["url"], options["status_url"], person), Spoken()
    if options["to"].startswith("sip:"):
        raise CommandError(NO_SIP)
    try:
        to = normalized(options["to"])
        agent, spoken = answering_agent(to, caller)
    except DomainError as error:
        raise CommandError(str(error)) from error
    except OperationalError as error:
        raise CommandError("The database does not answer. Start `make demo`, or give --url.") from error
    voice_url, status_url = addresses.incoming_call_url(agent.pk), addresses.status_url(agent.pk)
    said = [step.text for step in steps if isinstance(step, Say)]
    return Errand(caller, to, voice_url, status_url, person), replace(spoken, said=said)


def answering_agent(e164: str, caller: str) -> tuple[Agent, Spoken]:
    """Who answers the number, whichever tenant owns it, and in which words. Raises CommandError."""
    for tenant in Tenant.objects.order_by("pk"):
        with tenant_transaction(tenant):
            number = PhoneNumber.objects.select_related("agent__published__agent").filter(e164=e164).first()
        if number is None:
            continue
        if number.agent is None:
            raise CommandError(f"{e164} belongs to {tenant}, but no agent answers it.")
        return number.agent, words_of(number.agent, tenant, caller)
    raise CommandError(f"{e164} is not one of our numbers.")


def words_of(agent: Agent, tenant: Tenant, caller: str) -> Spoken:
    """An agent that is not published refuses the call in words of the platform."""
    if agent.published is None:
        return Spoken()
    spec = VersionSpec.of(agent.published)
    texts = CallTexts(spec, business=tenant.name, caller_number=caller, at=now())
    return Spoken(texts.system_prompt(), texts.fixed())
