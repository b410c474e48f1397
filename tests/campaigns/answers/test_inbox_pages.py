"""The reply inbox as people see it: the list, one reply, what is posted, the recording, the file."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from agentos.tenants.models import Role, Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns.answers import inbox
from campaigns.answers.inbox import What
from campaigns.models import Campaign, Reply
from tests import factories
from tests.campaigns.recorded import make_reply, seal
from tests.campaigns.rows import make_campaign, make_target
from tests.conftest import SignIn

TOM, GRACE, IRENE = "+12085550175", "+12085550166", "+12085550121"
HTMX = {"HTTP_HX_REQUEST": "true"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def ben(tenant: Tenant) -> User:
    return factories.make_member(tenant, Role.MEMBER, name="Ben Ito")


@pytest.fixture
def browser(sign_in: SignIn, ben: User) -> Client:
    return sign_in(ben)


@pytest.fixture
def campaign(agent: Agent) -> Campaign:
    return make_campaign(agent)


@pytest.fixture
def replies(campaign: Campaign) -> list[Reply]:
    """The one that has waited longest first."""
    people = {TOM: "Tom Brandvold", GRACE: "Grace Okafor", IRENE: "Irene Falk"}
    words = ("Could we find another day?", "", "Okay. Um, okay then.")
    first = now() - timedelta(minutes=30)
    made = [
        make_reply(
            make_target(campaign, number, name=name),
            transcript=said,
            received_at=first + timedelta(minutes=minute),
        )
        for minute, ((number, name), said) in enumerate(zip(people.items(), words, strict=True))
    ]
    by_rules = {"proposed": "rescheduled", "proposed_by": "rules", "confidence": 0.72, "because": "another day"}
    by_key = {"proposed": "canceled", "proposed_by": "key", "confidence": 1.0, "because": "3"}
    with tenant_transaction(campaign.tenant_id):
        Reply.objects.filter(pk=made[0].pk).update(**by_rules)
        Reply.objects.filter(pk=made[1].pk).update(**by_key)
    return made


def at(name: str, reply: Reply, *more: object) -> str:
    return reverse(f"replies:{name}", args=[reply.tenant.slug, *more])


def text(response: HttpResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def order(response: HttpResponse) -> list[str]:
    """The names in the list, from above."""
    return re.findall(r"data-row>([^<]+)</a>", response.content.decode())


def post(browser: Client, reply: Reply, action: str, version: int = 0, **more: object) -> HttpResponse:
    sent = {"action": action, "version": str(version), **more}
    response: HttpResponse = browser.post(at("reply", reply, reply.pk), sent, **HTMX)
    return response


def test_who_has_waited_longest_is_first_and_opened(browser: Client, replies: list[Reply]) -> None:
    page = browser.get(at("index", replies[0]))

    assert order(page) == ["Tom Brandvold", "Grace Okafor", "Irene Falk"]
    assert "Sounds like another day, 72% sure" in text(page)
    assert "Pressed 3 for cancel" in text(page)
    assert "<mark>another day</mark>" in page.content.decode()
    assert 'Replies<span class="nav__count" id="replies-count">3<' in page.content.decode()


@pytest.mark.parametrize(
    ("said", "because", "marked"),
    [
        ("Well, Thursday would suit me.", "thursday would suit", "Thursday would suit"),
        ("I can\u2019t make it.", "can't make", "can\u2019t make"),
        ("Prefiero el lunes por la mañana.", "Por la Mañana", "por la mañana"),
        ("No <b>idea</b> (.*", "(.*", None),
    ],
)
def test_the_words_that_led_to_the_proposal_are_marked(
    browser: Client, replies: list[Reply], said: str, because: str, marked: str | None
) -> None:
    with tenant_transaction(replies[0].tenant):
        Reply.objects.filter(pk=replies[0].pk).update(transcript=said, because=because, proposed_by="model")

    page = browser.get(at("reply", replies[0], replies[0].pk)).content.decode()

    assert re.findall("<mark>(.*?)</mark>", page) == ([marked] if marked else [])
    assert "<b>idea" not in page


def test_the_neighbours_replies_are_not_here(sign_in: SignIn, other_agent: Agent, replies: list[Reply]) -> None:
    neighbour = factories.make_member(other_agent.tenant, Role.OWNER)

    page = sign_in(neighbour).get(reverse("replies:index", args=[other_agent.tenant.slug]))

    assert order(page) == []
    assert "Nothing waits for you" in text(page)


def test_a_viewer_sees_no_replies(sign_in: SignIn, tenant: Tenant, replies: list[Reply]) -> None:
    viewer = sign_in(factories.make_member(tenant, Role.VIEWER))

    assert viewer.get(at("index", replies[0])).status_code == 403
    assert post(viewer, replies[0], "confirmed").status_code == 403
    assert "Replies" not in text(viewer.get(f"/t/{tenant.slug}/calls/"))


def test_after_an_answer_the_next_one_opens_and_undo_is_offered(browser: Client, replies: list[Reply]) -> None:
    page = post(browser, replies[0], "rescheduled")

    assert page["HX-Push-Url"] == at("reply", replies[1], replies[1].pk)
    assert order(page) == ["Grace Okafor", "Irene Falk"]
    assert "Tom Brandvold: another day. Undo U" in text(page)


def test_after_the_last_one_nothing_waits(browser: Client, replies: list[Reply]) -> None:
    for reply in replies[:-1]:
        post(browser, reply, "other")

    page = post(browser, replies[-1], "other")

    assert page["HX-Push-Url"] == at("index", replies[0])
    assert "Nothing waits for you" in text(page)


def test_without_a_script_an_answer_leads_to_the_next_one_as_well(browser: Client, replies: list[Reply]) -> None:
    sent = {"action": "confirmed", "version": "0"}

    page = browser.post(at("reply", replies[0], replies[0].pk), sent, follow=True)

    assert page.redirect_chain == [(at("reply", replies[1], replies[1].pk), 302)]
    assert "Tom Brandvold: confirmed." in text(page)


def test_undo_opens_the_reply_again(browser: Client, replies: list[Reply]) -> None:
    post(browser, replies[0], "confirmed")
    with tenant_transaction(replies[0].tenant):
        step = replies[0].steps.get()

    page = post(browser, replies[0], "undo", step=step.pk)

    assert page["HX-Push-Url"] == at("reply", replies[0], replies[0].pk)
    assert order(page)[0] == "Tom Brandvold"
    assert "Taken back: Tom Brandvold, confirmed." in text(page)


def test_whoever_comes_second_sees_what_the_first_did(browser: Client, owner: User, replies: list[Reply]) -> None:
    inbox.handle(replies[0].tenant, replies[0].pk, what=What.CANCEL, seen=0, by=owner)

    page = post(browser, replies[0], "confirmed")

    assert page["HX-Push-Url"] == at("reply", replies[0], replies[0].pk)
    assert "Priya Nair was faster: Canceled" in text(page)
    with tenant_transaction(replies[0].tenant):
        assert Reply.objects.get(pk=replies[0].pk).disposition == "canceled"


@pytest.mark.parametrize("sent", [{"action": "deleted"}, {}, {"action": "undo", "step": "7"}])
def test_what_cannot_be_done_changes_nothing(browser: Client, replies: list[Reply], sent: dict[str, str]) -> None:
    response = browser.post(at("reply", replies[0], replies[0].pk), {"version": "0", **sent}, **HTMX)

    assert response.status_code in (400, 409)
    with tenant_transaction(replies[0].tenant):
        assert Reply.objects.get(pk=replies[0].pk).status == "open"


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("?show=mine", ["Irene Falk"]),
        ("?show=handled", ["Grace Okafor"]),
        ("?proposed=rescheduled", ["Tom Brandvold"]),
        ("?proposed=unclear", ["Irene Falk"]),
        ("?search=okay+then", ["Irene Falk"]),
        ("?search=555-0175", ["Tom Brandvold"]),
        ("?search=nobody", []),
        ("?campaign=00000000-0000-0000-0000-000000000007", []),
        ("?show=all&proposed=x&page=9999999&campaign=1", ["Tom Brandvold", "Irene Falk"]),
    ],
)
def test_the_list_can_be_narrowed(
    browser: Client, ben: User, replies: list[Reply], asked: str, names: list[str]
) -> None:
    tenant = replies[0].tenant
    inbox.handle(tenant, replies[1].pk, what=What.OTHER, seen=0, by=ben)
    inbox.assign(tenant, replies[2].pk, to=ben, seen=0, by=ben)

    assert order(browser.get(at("index", replies[0]) + asked)) == names


def test_a_page_that_asks_again_gets_the_list_and_the_count_alone(
    browser: Client, campaign: Campaign, replies: list[Reply]
) -> None:
    make_reply(make_target(campaign, "+12085550136", name="Aisha Khan"))

    page = browser.get(at("index", replies[0]) + f"?open={replies[1].pk}", **HTMX, HTTP_HX_TARGET="replies-list")

    assert order(page)[-1] == "Aisha Khan"
    assert "<html" not in page.content.decode()
    assert '<span id="replies-count" hx-swap-oob="innerHTML">4<' in page.content.decode()


def test_a_recording_that_never_came_is_work_after_a_while(browser: Client, replies: list[Reply]) -> None:
    with tenant_transaction(replies[0].tenant):
        Reply.objects.update(status="fetching")
        Reply.objects.filter(pk=replies[0].pk).update(received_at=now() - timedelta(minutes=11))
        Reply.objects.exclude(pk=replies[0].pk).update(received_at=now())

    assert order(browser.get(at("index", replies[0]))) == ["Tom Brandvold"]


# The recording


def test_a_recording_is_heard_in_parts_and_kept_by_no_cache(
    browser: Client, replies: list[Reply], private_files: Path
) -> None:
    sound = seal(replies[0], private_files)
    address = at("recording", replies[0], replies[0].pk)

    whole, part = browser.get(address), browser.get(address, HTTP_RANGE="bytes=100-199")

    assert (whole.status_code, whole.content) == (200, sound)
    assert (part.status_code, part.content) == (206, sound[100:200])
    assert part["Content-Range"] == f"bytes 100-199/{len(sound)}"
    assert "no-store" in whole["Cache-Control"]
    assert "private" in part["Cache-Control"]
    assert browser.get(address, HTTP_RANGE=f"bytes={len(sound)}-").status_code == 416


def test_a_recording_is_drawn_where_somebody_speaks(browser: Client, replies: list[Reply], private_files: Path) -> None:
    seal(replies[0], private_files)

    page = browser.get(at("reply", replies[0], replies[0].pk)).content.decode()

    assert 'class="ribbon__caller" d="M0 11h800v-9h-800zM1800 11h1200v-9h-1200z"' in page


def test_a_recording_that_is_missing_or_was_changed_is_not_played(
    browser: Client, replies: list[Reply], private_files: Path
) -> None:
    address = at("recording", replies[0], replies[0].pk)
    assert browser.get(address).status_code == 404
    seal(replies[0], private_files)
    (file,) = (private_files / "replies").rglob("*.sealed")
    file.write_bytes(file.read_bytes()[:-1] + b"?")

    assert browser.get(address).status_code == 404


# The file


def test_the_file_holds_what_the_list_shows_and_no_formula(browser: Client, replies: list[Reply]) -> None:
    with tenant_transaction(replies[0].tenant):
        Reply.objects.filter(pk=replies[0].pk).update(transcript='=HYPERLINK("x")', note="@now")

    page = browser.get(at("export", replies[0]) + "?search=Tom")

    head, row = csv.reader(StringIO(page.content.decode("utf-8-sig")))
    told = dict(zip(head, row, strict=True))
    assert (told["Name"], told["Number"], told["Sounds like"]) == ("Tom Brandvold", TOM, "another day")
    assert (told["Words"], told["Note"]) == ('\'=HYPERLINK("x")', "'@now")


# Beside the campaign


def test_the_page_of_a_campaign_says_how_many_wait(
    browser: Client, sign_in: SignIn, campaign: Campaign, replies: list[Reply]
) -> None:
    address = reverse("campaigns:campaign", args=[campaign.tenant.slug, campaign.pk])
    viewer = sign_in(factories.make_member(campaign.tenant, Role.VIEWER))

    assert "3 replies wait for a person" in text(browser.get(address))
    assert "for a person" not in text(viewer.get(address))


def test_replies_of_test_calls_stand_apart(browser: Client, tenant: Tenant, replies: list[Reply]) -> None:
    with tenant_transaction(tenant):
        Campaign.objects.filter(pk=replies[0].attempt.campaign_id).update(is_test=True)

    work = text(browser.get(reverse("replies:index", args=[tenant.slug])))
    tests = text(browser.get(reverse("replies:index", args=[tenant.slug]), {"show": "tests"}))

    assert "Nothing waits for you" in work
    assert "Test call" in tests
    assert "Nothing waits for you" not in tests
