"""Somebody of the business beside a running call: they listen, whisper, speak in the agent's place, and end it."""

from __future__ import annotations

import re

from playwright.sync_api import WebSocket, expect

from agentos.tenants.models import User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.models import Call
from tests.browser.conftest import SignedIn
from tests.browser.test_phone import Wire


def test_a_person_listens_whispers_takes_over_gives_back_and_lets_the_call_end(
    signed_in: SignedIn, owner: User, agent: Agent
) -> None:
    phone = signed_in(owner)
    wire, sounds = Wire(phone), [0]
    phone.goto(f"/t/juniper-dental/agents/{agent.pk}/")
    dock = phone.get_by_role("complementary", name="Test call")
    dock.get_by_role("button", name="Type").click()
    dock.get_by_role("button", name="Call", exact=True).click()
    expect(dock.get_by_role("listitem").first).to_contain_text("Thank you for calling")
    expect(dock.get_by_role("listitem")).to_have_count(1)

    phone.context.grant_permissions(["microphone"])
    page = phone.context.new_page()

    def count(socket: WebSocket) -> None:
        if socket.url.endswith("/sound"):
            socket.on("framereceived", lambda data: sounds.__setitem__(0, sounds[0] + isinstance(data, bytes)))

    page.on("websocket", count)
    with tenant_transaction(agent.tenant_id):
        call = Call.objects.get()
    page.goto(f"/t/juniper-dental/calls/{call.pk}/")
    you = page.get_by_role("region", name="You")

    you.get_by_role("button", name="Listen").click()
    expect(you.get_by_role("status")).to_have_text("You are listening")
    you.get_by_label("Whisper to the agent").fill("Offer her the 3 PM slot.")
    you.get_by_role("button", name="Whisper").click()
    script = page.get_by_role("list", name="Transcript")
    expect(script).to_contain_text("whispered to the agent: “Offer her the 3 PM slot.”")
    expect(you.get_by_label("Whisper to the agent")).to_have_value("")

    you.get_by_role("button", name="Take over").click()
    expect(you.get_by_role("status")).to_have_text("You are speaking")
    before = wire.count("received", "media")
    while wire.count("received", "media") < before + 3:
        phone.wait_for_timeout(20)
    you.get_by_role("button", name="Give back").click()
    expect(script).to_contain_text("gave the call back to the agent")
    expect(you.get_by_role("status")).to_have_text("You are listening")
    assert sounds[0] > 5

    you.get_by_role("button", name="Hang up…").click()
    page.get_by_role("button", name="At once").click()
    expect(you.get_by_role("status")).to_have_text("Nothing to hear any more")
    expect(dock).to_contain_text(re.compile(r"Call ended, \d:\d\d\."))
