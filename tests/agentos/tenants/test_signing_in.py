"""Signing in and out, a forgotten password, and where a person arrives."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from agentos.tenants.models import Membership, Role, Tenant, User
from tests import factories
from tests.conftest import SignIn

pytestmark = pytest.mark.usefixtures("own_cache")

SIGN_IN = "/account/login/"
FORGOT = "/account/password/reset/"


@pytest.fixture
def priya(tenant: Tenant) -> User:
    return factories.make_member(
        tenant, Role.OWNER, email="priya@juniper.example", name="Priya Nair", password=factories.PASSWORD
    )


def try_password(client: Client, password: str, email: str = "priya@juniper.example", **more: str) -> int:
    """Post the form; 302 means in, 200 means shown again."""
    return client.post(SIGN_IN, {"login": email, "password": password, **more}).status_code


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_a_person_signs_in_with_email_and_password(client: Client, priya: User, tenant: Tenant) -> None:
    answer = client.post(SIGN_IN, {"login": "Priya@Juniper.example", "password": factories.PASSWORD})

    assert answer["Location"] == "/"
    assert client.get("/")["Location"] == f"/t/{tenant.slug}/calls/"


def test_after_signing_in_one_is_where_one_wanted_to_be(client: Client, priya: User) -> None:
    page = client.get(f"{SIGN_IN}?next=/t/juniper-dental/settings/").content.decode()
    assert 'name="next" value="/t/juniper-dental/settings/"' in page

    form = {"login": priya.email, "password": factories.PASSWORD}

    assert client.post(SIGN_IN, form | {"next": "/t/juniper-dental/settings/"})["Location"] == (
        "/t/juniper-dental/settings/"
    )


def test_signing_in_never_leads_to_another_site(client: Client, priya: User) -> None:
    form = {"login": priya.email, "password": factories.PASSWORD, "next": "https://evil.example/"}

    assert client.post(SIGN_IN, form)["Location"] == "/"


def test_a_session_lasts_as_long_as_the_person_chose(priya: User) -> None:
    stays, goes = Client(), Client()

    try_password(stays, factories.PASSWORD, remember="on")
    try_password(goes, factories.PASSWORD)

    assert not stays.session.get_expire_at_browser_close()
    assert goes.session.get_expire_at_browser_close()


def test_a_wrong_password_and_an_unknown_person_read_the_same(client: Client, priya: User) -> None:
    pages = [
        client.post(SIGN_IN, {"login": email, "password": "not the password"}).content.decode()
        for email in (priya.email, "nobody@juniper.example")
    ]

    shown = [re.sub(r'value="[^"]*"', "", page) for page in pages]
    assert shown[0] == shown[1]
    assert "do not belong together" in shown[0]
    assert "autofocus" in shown[0]
    assert not is_signed_in(client)


def test_the_eleventh_guess_is_refused_even_when_it_is_right(priya: User) -> None:
    for attempt in range(10):
        try_password(Client(REMOTE_ADDR=f"10.0.0.{attempt}"), "not the password")

    client = Client(REMOTE_ADDR="10.0.1.1")
    answer = client.post(SIGN_IN, {"login": priya.email, "password": factories.PASSWORD})

    assert "Too many wrong tries" in answer.content.decode()
    assert not is_signed_in(client)


def test_one_address_cannot_try_many_accounts(priya: User) -> None:
    answers = [
        Client(REMOTE_ADDR="10.0.0.9").post(SIGN_IN, {"login": f"p{n}@example.com", "password": "x"}) for n in range(21)
    ]

    assert "Too many wrong tries" not in answers[19].content.decode()
    assert "Too many wrong tries" in answers[20].content.decode()


def test_when_tries_cannot_be_counted_nobody_may_try(client: Client, priya: User, settings: Settings) -> None:
    nobody_listens = {"LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": settings.CACHES["default"] | nobody_listens}

    answer = client.post(SIGN_IN, {"login": priya.email, "password": factories.PASSWORD})

    assert answer.status_code == 503
    assert "Signing in is not possible right now" in answer.content.decode()
    assert not is_signed_in(client)


def test_a_closed_account_does_not_open(client: Client, priya: User) -> None:
    User.objects.update(is_active=False)

    try_password(client, factories.PASSWORD)

    assert not is_signed_in(client)


def test_closing_an_account_ends_its_sessions(priya: User, sign_in: SignIn) -> None:
    client = sign_in(priya)
    User.objects.update(is_active=False)

    assert client.get("/t/juniper-dental/settings/").status_code == 302


def test_signing_out_takes_a_post(priya: User, sign_in: SignIn) -> None:
    client = sign_in(priya)

    client.get("/account/logout/")
    assert is_signed_in(client)

    assert client.post("/account/logout/")["Location"] == SIGN_IN
    assert not is_signed_in(client)


@pytest.mark.django_db
def test_nobody_can_sign_up(client: Client) -> None:
    assert client.get("/account/signup/").status_code == 404
    assert client.get("/account/email/").status_code == 404


def test_a_forgotten_password_is_replaced_by_a_link_in_a_mail(client: Client, priya: User, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://agents.example"
    old_session = Client()
    try_password(old_session, factories.PASSWORD)

    asked = client.post(FORGOT, {"email": priya.email}, headers={"Host": "localhost"})
    link = re.search(r"https://agents\.example(/account/password/reset/key/\S+)", str(mail.outbox[0].body))
    assert link, mail.outbox[0].body
    form_page = client.get(link[1])["Location"]
    done = client.post(form_page, {"password1": "lemon tree, very pretty", "password2": "lemon tree, very pretty"})

    assert asked["Location"] == f"{FORGOT}done/"
    assert done["Location"] == f"{FORGOT}key/done/"
    assert try_password(Client(), "lemon tree, very pretty") == 302
    assert old_session.get("/").status_code == 302
    assert old_session.get("/")["Location"].startswith(SIGN_IN)
    assert "does not work any more" in Client().get(link[1]).content.decode()


def test_asking_for_an_unknown_address_reads_the_same(client: Client, priya: User) -> None:
    answers = [client.post(FORGOT, {"email": email}) for email in (priya.email, "nobody@juniper.example")]

    assert answers[0]["Location"] == answers[1]["Location"]
    assert "no account" in str(mail.outbox[1].body)


def test_a_weak_new_password_is_refused_beside_its_field(client: Client, priya: User) -> None:
    client.post(FORGOT, {"email": priya.email})
    link = re.search(r"(/account/password/reset/key/\S+)", str(mail.outbox[0].body))
    assert link
    form_page = client.get(link[1])["Location"]

    page = client.post(form_page, {"password1": "password", "password2": "password"}).content.decode()

    assert 'aria-invalid="true"' in page
    assert 'id="id_password1_error"' in page
    assert 'aria-describedby="id_password1_helptext id_password1_error"' in page


def test_who_works_for_several_tenants_chooses(tenant: Tenant, stranger: User, sign_in: SignIn) -> None:
    Membership.objects.create(tenant=tenant, user=stranger, role=Role.VIEWER)

    page = sign_in(stranger).get("/").content.decode()

    assert 'href="/t/juniper-dental/calls/"' in page
    assert 'href="/t/harbor-law/calls/"' in page


@pytest.mark.django_db
def test_who_works_for_nobody_is_told_so_kindly(tenant: Tenant, sign_in: SignIn) -> None:
    page = sign_in(factories.make_user("sam@juniper.example")).get("/").content.decode()

    assert "sam@juniper.example" in page
    assert "Juniper Dental" not in page
