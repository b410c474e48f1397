"""A call at the carrier, and whoever decides about it, as a test says."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4
from xml.etree import ElementTree

from django.http import HttpResponse

from calls.admission import Admission
from tests.telephony.signing import ORIGIN

AGENT, CALL = uuid4(), uuid4()


class Desk:
    """Decides about calls as the test says, and remembers what it was asked."""

    def __init__(self, answer: Admission | Exception | None = None, *, segment: int = 1) -> None:
        self.answer = answer or Admission(call_id=CALL, agent_id=AGENT, tenant_id=7, segment=segment)
        self.asked: list[dict[str, Any]] = []

    async def __call__(self, **question: Any) -> Admission:
        self.asked.append(question)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def url(leaf: str, agent_id: UUID = AGENT) -> str:
    return f"{ORIGIN}/agents/{agent_id}/{leaf}"


def verbs(response: HttpResponse) -> list[ElementTree.Element]:
    assert response.status_code == 200
    assert response["Content-Type"] == "text/xml"
    return list(ElementTree.fromstring(response.content))  # noqa: S314 - our own
