"""What the sample practice has written down for its agents, and whom callers can be put through to in the demo."""

from __future__ import annotations

from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.knowledge.services import write_answer
from agents.models import KnowledgeSource
from calls.transfers.models import Colleague

LANGUAGE = "en-US"
ANSWERS = {
    "Do you have a lift?": "Yes, there is a lift. It is at the back entrance, on Fifth Street.",
    "Do you treat children?": "We see children from the age of three. Dr. Okafor is with us on Tuesdays and Thursdays.",
    "What should I bring to my first visit?": "Please bring your insurance card and a list of your medicines.",
}
# Known to the practice carrier (telephony/simulator/neighborhood.py): the first declines, the second takes the call.
PEOPLE = (("Rae Ostrander", "+12085550141"), ("Mats Lindqvist", "+12085550142"))


def ensure_desk(tenant: Tenant, owner: User) -> None:
    """Once; what people have changed meanwhile stays as it is."""
    with tenant_transaction(tenant):
        if not KnowledgeSource.objects.exists():
            for question, answer in ANSWERS.items():
                write_answer(question=question, answer=answer, agent_id=None, language=LANGUAGE, by=owner)
        if not Colleague.objects.exists():
            for place, (name, number) in enumerate(PEOPLE, start=1):
                about = {"when": Colleague.When.ALWAYS, "way": Colleague.Way.INTRODUCE, "place": place}
                Colleague.objects.create(name=name, department="Front desk", address=number, **about)
