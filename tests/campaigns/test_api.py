"""The public API: what a key opens, what it does there, and that docs/api.md says the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now
from jsonschema import Draft202012Validator
from pytest_django import Settings

from agentos.tenants import api as door
from agentos.tenants.keys import SCOPES, create_key, find_key, revoke_key
from agentos.tenants.models import ApiKey, LogEntry, Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from campaigns import api
from campaigns.models import Attempt, Campaign, Consent, DoNotCall
from tests import factories
from tests.campaigns.rows import make_campaign, make_target

ROSA, OMAR = "+12125550128", "+12125550177"
CONSENT = {
    "number": ROSA,
    "tier": "express",
    "source": "web form",
    "given_at": "2026-11-20T10:00:00-05:00",
    "evidence": "form 4711",
}

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_cache")]

OPENAPI = yaml.safe_load(
    re.findall(r"```yaml\n(.*?)```", (Path(__file__).parents[2] / "docs/api.md").read_text(), re.DOTALL)[0]
)

Ask = Callable[..., HttpResponse]


@pytest.fixture
def secret(tenant: Tenant, owner: User) -> str:
    return create_key(tenant, name="Practice software", scopes=list(SCOPES), by=owner)[1]


@pytest.fixture
def ask(secret: str) -> Ask:
    """`ask(method, path, data)` with the key; without a session, and with CSRF checks on."""
    return asking(secret)


def asking(secret: str) -> Ask:
    client = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {secret}"})

    def asked(method: str, path: str, data: Any = None) -> HttpResponse:
        return client.generic(method, f"/api/v1{path}", "" if data is None else _json(data), "application/json")

    return asked


def _json(data: Any) -> str:
    return data if isinstance(data, str) else json.dumps(data)


@pytest.fixture
def campaign(agent: Agent) -> Campaign:
    """Rosa may be called, Omar has not agreed."""
    made = make_campaign(agent, ROSA)
    make_target(made, OMAR, consents=False)
    return made


def fits(schema: str, response: HttpResponse) -> dict[str, Any]:
    """The JSON of an answer, which is as docs/api.md says."""
    told: dict[str, Any] = response.json()
    where = {"$ref": f"#/components/schemas/{schema}", "components": OPENAPI["components"]}
    assert [error.message for error in Draft202012Validator(where).iter_errors(told)] == []
    return told


def problem(response: HttpResponse) -> tuple[int, str]:
    assert response["Content-Type"] == "application/problem+json"
    told = fits("Problem", response)
    assert told["status"] == response.status_code
    return response.status_code, told["code"]


# What is described


def test_every_address_is_described_and_nothing_else() -> None:
    described = {
        (re.sub(r"{(\w+)}", r"<uuid:\1>", path).lstrip("/"), operation["operationId"])
        for path, operations in OPENAPI["paths"].items()
        for operation in operations.values()
    }

    assert described == {(str(pattern.pattern), pattern.name) for pattern in api.urlpatterns}


@pytest.mark.parametrize(
    ("path", "method", "operation"),
    [(path, method, op) for path, ops in OPENAPI["paths"].items() for method, op in ops.items()],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_methods_and_scopes_are_as_described(
    path: str, method: str, operation: dict[str, Any], tenant: Tenant, owner: User, campaign: Campaign, ask: Ask
) -> None:
    others = [scope.value for scope in SCOPES if scope.value != operation["x-scope"]]
    narrow = asking(create_key(tenant, name="Narrow", scopes=others, by=owner)[1])
    address = re.sub(r"{\w+}", str(campaign.pk), path)

    assert problem(narrow(method.upper(), address)) == (403, "out_of_scope")
    wrong = ask("GET" if method == "post" else "POST", address)
    assert problem(wrong) == (405, "wrong_method")
    assert wrong["Allow"] == method.upper()


def test_required_fields_and_lengths_are_as_described(ask: Ask) -> None:
    for path in ("/do-not-call", "/consents"):
        schema = OPENAPI["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        missing = ask("POST", path, {}).json()["errors"]
        too_long = ask("POST", path, dict.fromkeys(schema["properties"], "x" * 3000)).json()["errors"]

        assert set(missing) == set(schema["required"])
        bounded = {name for name, field in schema["properties"].items() if "maxLength" in field}
        assert bounded <= set(too_long)


# Keys


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer aos_wrong", "Basic aos_wrong", "Bearer \u00e9"])
def test_without_a_key_nothing_is_told(header: str) -> None:
    response = Client(headers={"Authorization": header}).post("/api/v1/do-not-call")

    assert problem(response) == (401, "no_key")
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_session_is_no_key(client: Client, owner: User) -> None:
    client.force_login(owner)

    assert problem(client.post("/api/v1/do-not-call", {"number": ROSA})) == (401, "no_key")


def test_a_revoked_key_opens_nothing(tenant: Tenant, secret: str, ask: Ask) -> None:
    revoke_key(tenant, ApiKey.objects.get().pk)

    assert problem(ask("POST", "/do-not-call", {"number": ROSA})) == (401, "no_key")
    assert find_key(secret, now()) is None


def test_a_key_is_kept_as_a_hash_and_says_when_it_was_used(secret: str, ask: Ask) -> None:
    assert ApiKey.objects.get().last_used_at is None

    ask("POST", "/do-not-call", {"number": ROSA})

    key = ApiKey.objects.get()
    assert key.last_used_at is not None
    assert secret not in str(vars(key))
    assert secret.startswith(key.begins)


def test_a_key_that_asks_too_often_has_to_wait(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MOST_A_MINUTE", 0)

    response = ask("POST", "/do-not-call", {"number": ROSA})

    assert problem(response) == (429, "too_many")
    assert 0 < int(response["Retry-After"]) <= 60


def test_opt_outs_are_taken_while_requests_cannot_be_counted(ask: Ask, settings: Settings) -> None:
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1"}}

    assert ask("POST", "/do-not-call", {"number": ROSA}).status_code == 201


@pytest.mark.parametrize(
    ("body", "answer"),
    [("{", (400, "not_json")), ("[]", (400, "not_json")), ('"' + "x" * 70_000 + '"', (413, "too_large"))],
)
def test_what_is_no_json_object_is_refused(ask: Ask, body: str, answer: tuple[int, str]) -> None:
    assert problem(ask("POST", "/do-not-call", body)) == answer


# What it does


def test_an_opt_out_counts_in_every_campaign_and_the_first_stays_the_proof(
    ask: Ask, tenant: Tenant, campaign: Campaign
) -> None:
    first = ask("POST", "/do-not-call", {"number": "(212) 555-0128", "reason": "Front desk", "evidence": "Note 7"})
    again = ask("POST", "/do-not-call", {"number": ROSA, "reason": "Again"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert fits("OptOut", first) == fits("OptOut", again)
    with tenant_transaction(tenant):
        entry = DoNotCall.objects.get()
        target = campaign.targets.get(e164=ROSA)
    assert (entry.source, entry.evidence) == ("api", "Front desk. Note 7. By the API key Practice software")
    assert (target.status, target.disposition) == ("done", "opted_out")


@pytest.mark.parametrize("number", ["", "12", "not a number", "+1555", None, 5, ["+12125550128"]])
def test_what_is_no_number_is_named(ask: Ask, number: object) -> None:
    response = ask("POST", "/do-not-call", {"number": number})

    assert problem(response) == (422, "invalid")
    assert response.json()["errors"]["number"]


def test_newer_consent_lifts_an_opt_out_and_older_consent_does_not(ask: Ask, tenant: Tenant) -> None:
    ask("POST", "/do-not-call", {"number": ROSA})

    older = fits("Consent", ask("POST", "/consents", CONSENT))
    newer = fits("Consent", ask("POST", "/consents", CONSENT | {"given_at": now().isoformat(), "source": "desk"}))

    assert (older["on_do_not_call_list"], newer["on_do_not_call_list"]) == (True, False)
    with tenant_transaction(tenant):
        assert DoNotCall.objects.get().lifted_why == "Newer consent: desk"
        assert Consent.objects.filter(evidence="form 4711").count() == 2


def test_consent_of_tomorrow_is_refused(ask: Ask) -> None:
    assert problem(ask("POST", "/consents", CONSENT | {"given_at": "2099-01-01T00:00:00Z"})) == (409, "future_consent")


def test_a_campaign_is_told_as_it_stands(ask: Ask, tenant: Tenant, campaign: Campaign) -> None:
    with tenant_transaction(tenant):
        rosa = campaign.targets.get(e164=ROSA)
        at = now()
        over = {"state": "ended", "outcome": "confirmed", "asked_at": at, "answered_at": at, "ended_at": at}
        Attempt.objects.create(target=rosa, campaign=campaign, e164=ROSA, cost_cents=3, **over)
        campaign.targets.filter(e164=ROSA).update(status="done", disposition="confirmed")
        campaign.targets.filter(e164=OMAR).update(status="left_out", reason="No consent.")

    told = fits("Campaign", ask("GET", f"/campaigns/{campaign.pk}"))

    assert (told["people"]["all"], told["people"]["confirmed"], told["people"]["left_out"]) == (2, 1, 1)
    assert (told["attempts"]["answered"], told["spent_cents"]) == (1, 3)
    assert told["not_called"] == [{"reason": "No consent.", "people": 1}]


def test_the_campaigns_come_a_page_at_a_time_and_none_of_anybody_else(
    ask: Ask, agent: Agent, other_agent: Agent, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "PER_PAGE", 1)
    number = campaign.number
    draft = make_campaign(agent, status="draft", number=number)
    make_campaign(agent, is_test=True, number=number)
    make_campaign(other_agent, ROSA)

    first = fits("Campaigns", ask("GET", "/campaigns"))
    second = fits("Campaigns", ask("GET", "/campaigns?page=2"))
    running = fits("Campaigns", ask("GET", "/campaigns?status=running"))

    assert [each["id"] for each in (*first["campaigns"], *second["campaigns"])] == [str(draft.pk), str(campaign.pk)]
    assert (first["total"], first["pages"]) == (2, 2)
    assert [(each["id"], each["people"]) for each in running["campaigns"]] == [(str(campaign.pk), 2)]
    assert problem(ask("GET", "/campaigns?page=last&status=x")) == (422, "invalid")


def test_a_dry_run_says_who_is_called_when_and_who_is_not_and_calls_nobody(
    ask: Ask, tenant: Tenant, campaign: Campaign
) -> None:
    told = fits("Plan", ask("POST", f"/campaigns/{campaign.pk}/dry-run"))

    assert (told["called"], told["left_out"]) == (1, 1)
    by_number = {each["number"]: each for each in told["people"]}
    assert by_number[ROSA]["zone"] == "America/New_York"
    assert by_number[OMAR]["left_out"]["gate"] == "consent"
    assert told["exclusions"][0]["people"] == 1
    assert sum(hour["calls"] for hour in told["hours"]) == told["calls"]
    with tenant_transaction(tenant):
        assert not Attempt.objects.exists()


# Others


def test_a_key_finds_nothing_of_another_business(ask: Ask, other_agent: Agent) -> None:
    theirs = make_campaign(other_agent, ROSA)
    nobodys = "00000000-0000-0000-0000-000000000009"

    for path, method in (("", "GET"), ("/dry-run", "POST")):
        answers = [ask(method, f"/campaigns/{pk}{path}") for pk in (theirs.pk, nobodys)]
        assert [problem(answer) for answer in answers] == [(404, "not_found")] * 2
        assert answers[0].content == answers[1].content


def test_an_opt_out_stays_within_the_business_of_the_key(ask: Ask, other_tenant: Tenant) -> None:
    ask("POST", "/do-not-call", {"number": ROSA})

    with tenant_transaction(other_tenant):
        assert not DoNotCall.objects.exists()


def test_a_suspended_business_may_stop_calls_and_nothing_else(ask: Ask, tenant: Tenant, campaign: Campaign) -> None:
    factories.suspend(tenant)

    assert ask("POST", "/do-not-call", {"number": ROSA}).status_code == 201
    assert problem(ask("POST", "/consents", CONSENT)) == (403, "suspended")
    assert problem(ask("POST", f"/campaigns/{campaign.pk}/dry-run")) == (403, "suspended")


# The page


@pytest.fixture
def page(tenant: Tenant) -> str:
    return reverse("tenants:api", args=[tenant.slug])


def test_the_secret_is_shown_once(client: Client, owner: User, tenant: Tenant, page: str) -> None:
    client.force_login(owner)

    made = client.post(page, {"name": "Website", "scopes": ["manage_contacts"]}).content.decode()

    [secret] = set(re.findall(r"aos_[\w-]{40,}", made))
    assert find_key(secret, now()) == ApiKey.objects.get()
    again = client.get(page).content.decode()
    assert "Website" in again
    assert secret not in again
    with tenant_transaction(tenant):
        entry = LogEntry.objects.get()
    assert (entry.who, entry.words) == ("Priya Nair", "Made the API key Website")


def test_a_key_needs_a_name_and_something_that_it_may_do(client: Client, owner: User, page: str) -> None:
    client.force_login(owner)

    response = client.post(page, {"name": " "})

    assert response.status_code == 422
    assert "Choose at least one thing that it may do." in response.content.decode()
    assert not ApiKey.objects.exists()


def test_a_key_is_revoked_from_the_page(client: Client, owner: User, secret: str, page: str) -> None:
    client.force_login(owner)

    client.post(page, {"revoke": str(ApiKey.objects.get().pk)})

    assert find_key(secret, now()) is None
    assert "Revoked Today" in client.get(page).content.decode()


def test_a_key_of_another_business_cannot_be_revoked(client: Client, stranger: User, secret: str) -> None:
    client.force_login(stranger)

    answer = client.post(reverse("tenants:api", args=["harbor-law"]), {"revoke": str(ApiKey.objects.get().pk)})

    assert answer.status_code == 409
    assert find_key(secret, now()) is not None
