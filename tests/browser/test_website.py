"""The button on a website of the business: a page of another origin embeds it, and its visitor talks with the agent."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Page, expect

from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.models import Call
from telephony.website import services
from telephony.website.models import Widget
from tests.browser.conftest import Complaints, Server
from tests.browser.test_looks import objections


@pytest.fixture
def shop() -> Iterator[ThreadingHTTPServer]:
    """A website of somebody else's server; what its page holds is its `page`."""

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.server.page.encode()  # type: ignore[attr-defined]
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """A test says what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def at(shop: ThreadingHTTPServer) -> str:
    return f"localhost:{shop.server_port}"


def embed(shop: ThreadingHTTPServer, server: Server, agent: Agent, *domains: str) -> Widget:
    with tenant_transaction(agent.tenant_id):
        widget = services.make(agent=agent, domains=list(domains), words="Talk to us", telephone="+12085550110")
    line = f'<script src="{server.url}/widget/{widget.key}.js" async></script>'
    shop.page = (  # type: ignore[attr-defined]
        '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">'
        f"<title>Juniper Dental</title><main><h1>Juniper Dental</h1><p>Dentistry in Boise.</p></main>{line}</html>"
    )
    return widget


def panel(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def objections_within(page: Page) -> list[str]:
    """Those of the frame, which is a page of its own, once its styles have arrived."""
    (inside,) = page.main_frame.child_frames
    inside.wait_for_load_state("load")
    return objections(inside)


def stored(agent: Agent) -> Call:
    """The call, once its journal has reached the database."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with tenant_transaction(agent.tenant_id):
            call = Call.objects.get()
        if call.status == Call.Status.ENDED:
            return call
        time.sleep(0.05)
    raise AssertionError("the call has not ended")


def test_a_visitor_of_a_listed_website_talks_with_the_agent(
    context: BrowserContext, server: Server, shop: ThreadingHTTPServer, agent: Agent
) -> None:
    embed(shop, server, agent, at(shop))
    context.grant_permissions(["microphone"])
    complaints = Complaints()
    page = complaints.hear(context.new_page())
    page.goto(f"http://{at(shop)}/")

    button = page.get_by_role("button", name="Talk to us")
    button.press("Enter")
    expect(panel(page).get_by_role("button", name="Start the call")).to_be_visible()
    assert objections_within(page) == []
    panel(page).get_by_role("button", name="Start the call").press("Escape")
    expect(page.locator("iframe")).to_be_hidden()
    expect(button).to_be_focused()

    button.press("Enter")
    panel(page).get_by_role("button", name="Start the call").click()
    expect(panel(page).get_by_role("listitem").first).to_contain_text("Thank you for calling")
    expect(panel(page).locator(".level i.on").first).to_be_visible()  # the fake microphone beeps
    panel(page).get_by_role("button", name="Mute").click()
    expect(panel(page).locator(".level i.on")).to_have_count(0)
    assert objections(page) == []
    assert objections_within(page) == []
    panel(page).get_by_role("button", name="Hang up").click()
    expect(panel(page).get_by_text("Call ended")).to_be_visible()

    call = stored(agent)
    assert (call.channel, call.origin, call.ending) == ("web", f"http://{at(shop)}", "caller")
    assert context.cookies() == []
    assert complaints == []


def test_a_website_that_is_not_listed_is_refused(
    context: BrowserContext, server: Server, shop: ThreadingHTTPServer, agent: Agent
) -> None:
    widget = embed(shop, server, agent, "www.juniper.example")
    page = context.new_page()
    page.goto(f"http://{at(shop)}/")
    with page.expect_event("console", lambda message: "not on its list" in message.text):
        page.reload()
    expect(page.get_by_role("button")).to_have_count(0)

    # Nor does a frame of its own making help, whatever it says about where it is.
    shop.page = f'<iframe src="{server.url}/widget/{widget.key}?site=http://{at(shop)}"></iframe>'  # type: ignore[attr-defined]
    page.reload()
    expect(panel(page).get_by_role("heading")).to_have_text("Calls are not available on this website")
    framed = (
        f'<iframe referrerpolicy="no-referrer" src="{server.url}/widget/{widget.key}?site=https://juniper.example">'
    )
    shop.page = framed  # type: ignore[attr-defined]
    page.reload()
    expect(panel(page).get_by_role("button")).to_have_count(0)
