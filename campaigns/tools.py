"""What agents do with people's data: write to the person on the line, and look up who they are.

Both are about that person alone. The number is the line's own; no argument of the model can name another.
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from django.conf import settings

from agents.providers.limits import Limits
from agents.tools import Arguments, Setting, Tool, ToolContext, ToolOutcome, parameters
from calls.models import Call
from calls.numbers import read_number
from calls.transfers.dialable import barred
from campaigns.models import Contact, DoNotCall, PlatformDoNotCall
from telephony import carrier
from telephony.carrier import CarrierError
from telephony.models import PhoneNumber

LONGEST = 320
NO_MOBILE = {"21211", "21408", "21610", "21612", "21614"}

log = structlog.get_logger(__name__)


def send_sms(context: ToolContext, arguments: Arguments) -> ToolOutcome:
    """To the person on the line, from the number that they talk with. Who asked to be left in peace gets none."""
    number, text = read_number(context.caller_number), " ".join(arguments["text"].split())
    if not number:
        return ToolOutcome("The caller's number is withheld, so nothing can be sent.", ok=False)
    # A caller ID is easily made up, and some numbers pay whoever has them written to.
    if barred(number, countries=settings.TRANSFER_COUNTRIES):
        return ToolOutcome("Text messages are not sent to this number. Say it instead.", ok=False)
    if not text or len(text) > LONGEST:
        return ToolOutcome(f"Write between 1 and {LONGEST} characters.", ok=False)
    if is_left_in_peace(number):
        return ToolOutcome("This number asked not to be contacted: nothing was sent. Say it instead.", ok=False)
    sender = _own_number(context)
    if not sender:
        return ToolOutcome("No number of the business can send text messages in this call.", ok=False)
    try:
        carrier.send_text(to=number, from_=sender, body=f"{context.business}: {text} Reply STOP to end.")
    except CarrierError as error:
        log.warning("a text message was not sent", call_id=str(context.call_id), code=error.code)
        if error.is_unknown:
            return ToolOutcome("It may have been sent, but nobody knows. Do not promise it.", ok=False, certain=False)
        why = "This line takes no text messages." if error.code in NO_MOBILE else "It could not be sent now."
        return ToolOutcome(f"{why} Say it instead.", ok=False)
    return ToolOutcome("Sent to the number that the caller calls from.")


def is_left_in_peace(number: str) -> bool:
    """Whether the owner of the number told this business, or the platform, to stop."""
    listed: bool = DoNotCall.objects.filter(e164=number, lifted_at=None).exists()
    return listed or PlatformDoNotCall.objects.filter(e164=number).exists()


def _own_number(context: ToolContext) -> str:
    """Of the two numbers of the call, ours."""
    call = Call.objects.filter(pk=context.call_id).first()
    if call is None:
        return ""
    own = PhoneNumber.objects.filter(e164__in=[call.to_number, call.from_number]).first()
    return str(own.e164) if own else ""


def look_up_contact(context: ToolContext, arguments: Arguments) -> ToolOutcome:
    """What the business knows of the number on the line, as far as the version shows it."""
    number = read_number(context.caller_number)
    contact: Contact | None = Contact.objects.filter(e164=number).first() if number else None
    if contact is None:
        return ToolOutcome("Nothing is known about this number. Ask for the name.")
    shown = _shown(contact, str(context.settings.get("fields", "")).split(","))
    facts = " ".join(f"{name}: {value}." for name, value in shown)
    return ToolOutcome(
        f"This number belongs to {contact.name or 'somebody without a name'}. {facts} "
        "Somebody else may be using the phone: have the name confirmed before you tell anything of this."
    )


def _shown(contact: Contact, wanted: Iterable[str]) -> list[tuple[str, str]]:
    """The fields that the business allows agents to see, in its order."""
    known = {name.casefold(): (name, " ".join(str(value).split())[:200]) for name, value in contact.fields.items()}
    found = [known[each.strip().casefold()] for each in wanted if each.strip().casefold() in known]
    return [(name, value) for name, value in found if value]


TOOLS = (
    Tool(
        name="send_sms",
        title="Send a text message",
        hint="To the caller’s own number only, after they agreed, and never to somebody who asked you to stop.",
        description=(
            "Send the caller a text message at the number they call from, such as an address or a confirmation. "
            "Ask whether you may, first. Say nothing in it that the caller may not know."
        ),
        parameters=parameters(text={"type": "string", "description": f"At most {LONGEST} characters."}),
        run=send_sms,
        limits=Limits(per_call=2, per_turn=1, after_yes=True),
        outside=True,
    ),
    Tool(
        name="look_up_contact",
        title="Know who is calling",
        hint="Looks the caller’s own number up in your contacts, and no other.",
        description="Who the caller probably is, by the number they call from.",
        parameters=parameters(),
        run=look_up_contact,
        effect=False,
        settings=(
            Setting("fields", "What it may know besides the name", hint="Fields of your contacts, parted by commas."),
        ),
    ),
)
