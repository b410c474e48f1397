"""What must hold before a campaign calls anybody: each condition with the sentence that says what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agentos.errors import DomainError
from campaigns.audio.clips import business_name, variables_of
from campaigns.facts import week_hours
from campaigns.jurisdictions import tables
from campaigns.models import Campaign
from campaigns.openings import Openings
from campaigns.places import place
from campaigns.planning.dry_run import lines_for
from campaigns.texts.messages import MessageError, check, variables_in
from campaigns.texts.wording import templates

# What somebody has to confirm before people are called, and the changes after which they have to do it again.
CONFIRMATIONS = {
    "agreed": "These people agreed to automated calls about this",
    "sells_nothing": "The message sells nothing",
    "identifies": "The call says who calls, that it is automated, and how to stop it",
    "read": "Somebody reads the replies",
}
RECONFIRM = {
    "message": ("sells_nothing", "identifies"),
    "translations": ("sells_nothing", "identifies"),
    "kind": ("identifies",),
    "purpose": ("agreed", "sells_nothing"),
    "records_reply": ("read",),
}
PLACES_LOOKED_AT = 500


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must be so before the start. `step` is where it is put right."""

    code: str
    words: str
    step: str
    holds: bool


class NotStartable(DomainError):
    """The campaign would go wrong; `problems` are what must be put right first."""

    def __init__(self, problems: list[Check]) -> None:
        self.problems = problems
        super().__init__(problems[0].code, " ".join(each.words for each in problems))


def confirmations(campaign: Campaign) -> list[tuple[str, str]]:
    """What has to be confirmed for this campaign, and its words."""
    needless = {
        "sells_nothing": campaign.purpose == Campaign.Purpose.TELEMARKETING,
        "read": not campaign.records_reply,
    }
    return [(name, words) for name, words in CONFIRMATIONS.items() if not needless.get(name)]


def checks(campaign: Campaign, at: datetime) -> list[Check]:
    """Everything that must hold before the start, each with the sentence that says what is missing."""
    missing = [words for name, words in confirmations(campaign) if name not in campaign.confirmed]
    agent, is_message = campaign.agent, campaign.kind == Campaign.Kind.MESSAGE
    has_days = campaign.ends_at is None or campaign.ends_at > max(at, campaign.starts_at or at)
    return [
        Check(
            "agent",
            f"Publish {agent} first: it lends the campaign its voice.",
            "number",
            agent.published_id is not None and agent.archived_at is None,
        ),
        Check("number", "Choose the number that people see when they are called.", "number", bool(campaign.number)),
        Check("people", "Choose who is to be called.", "people", campaign.targets.exists()),
        Check(
            "message", "Write the message: it is what people hear.", "message", bool(campaign.message) or not is_message
        ),
        Check("variables", unsayable := _unsayable(campaign), "message", not unsayable),
        Check(
            "dates",
            "The last day is over: choose a later one.",
            "schedule",
            has_days,
        ),
        Check(
            "window",
            "The calling window never opens: no chosen hour is lawful where these people are.",
            "schedule",
            not has_days or _ever_opens(campaign, at),
        ),
        Check(
            "lines", "No line is left for campaigns: all are kept free for callers.", "pace", lines_for(campaign) > 0
        ),
        Check("confirmations", f"Confirm: {'; '.join(missing)}.", "rules", not missing),
    ]


def _ever_opens(campaign: Campaign, at: datetime) -> bool:
    """Whether anybody's window opens within two weeks. A campaign without people has none that could be closed."""
    begins = max(at, campaign.starts_at or at)
    people = campaign.targets.values_list("e164", "contact__zone", "contact__state", "contact__zip_code")
    openings, hours, placed = Openings(tables().law), week_hours(campaign.hours), 0
    for number, zone, state, zip_code in people[:PLACES_LOOKED_AT]:
        here = place(
            str(number), gazetteer=tables().gazetteer, zone=zone or "", state=state or "", zip_code=zip_code or ""
        )
        placed += here.refusal is None
        opening = openings.next(here, begins, hours=hours)
        if opening is not None and (campaign.ends_at is None or opening.opens < campaign.ends_at):
            return True
    return not placed and (hours is None or any(hours))


def _unsayable(campaign: Campaign) -> str:
    """What is wrong with the variables of the message. Who lacks a value is told apart at the start."""
    problems = (wrong_with(campaign, each.template) for each in templates(campaign) if each.template)
    return next(filter(None, problems), "")


def wrong_with(campaign: Campaign, template: str) -> str:
    """What is wrong with the variables of this text, in a sentence; empty where people can be told it."""
    someone = campaign.targets.select_related("contact").first()
    try:
        if someone is None:
            variables_in(template)
        else:
            check(template, variables_of(someone, business_name()))
    except MessageError as error:
        return error.words
    return ""
