"""Tries every part that is configured, and says of each in a sentence what is wrong and how to mend it."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from smtplib import SMTPAuthenticationError, SMTPException
from typing import Any
from urllib.parse import urlsplit

import httpx2
from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.mail import get_connection
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from agentos.tenants.credentials import vendor_credentials
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents.comparison import values
from agents.drafts import ROLES
from agents.models import Agent
from agents.own_servers import own_server
from agents.retirement import Ending, endings
from calls.quick_redis import AWAY
from calls.vendor_health import EVERYBODY, all_troubles

PATIENCE_S = 5.0
OLDEST_POSTGRESQL = 15
TWILIO_REFUSALS = {"20003", "20404", "401", "403", "404"}
THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


class State(enum.Enum):
    WELL = "ok"
    UNUSED = "-"
    BROKEN = "FAIL"


@dataclass(frozen=True)
class Finding:
    state: State
    sentence: str


def well(sentence: str) -> Finding:
    return Finding(State.WELL, sentence)


def unused(sentence: str) -> Finding:
    return Finding(State.UNUSED, sentence)


def broken(sentence: str) -> Finding:
    """The sentence is shown to people: whatever secret slipped into it, from another's message, is taken out."""
    for secret in _secrets():
        sentence = sentence.replace(secret, "…")
    return Finding(State.BROKEN, sentence)


def check_database() -> Finding:
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "select rolname, rolsuper or rolbypassrls, current_setting('server_version_num')::int / 10000"
                " from pg_roles where rolname = current_user"
            )
            role, unbound, version = cursor.fetchone()
            executor = MigrationExecutor(connection)
            waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError as error:
        cause = str(error).strip().splitlines()[0]
        return broken(f"does not answer: {cause}. Start it (`make demo` runs one of its own), or mend DATABASE_URL.")
    if version < OLDEST_POSTGRESQL:
        return broken(f"is PostgreSQL {version}; use {OLDEST_POSTGRESQL} or newer.")
    if unbound:
        return broken(
            f"lets the role {role} pass row-level security, so that tenants are not kept apart: "
            f"ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS."
        )
    if waiting:
        return broken(f"lacks {waiting} migrations: run `manage.py migrate`.")
    return well(f"PostgreSQL {version}, all migrations applied, role {role} bound by row-level security.")


def check_redis() -> Finding:
    once = Retry(NoBackoff(), 0)
    try:
        with Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2, retry=once) as redis:
            version = redis.info("server")["redis_version"]
    except (RedisError, ValueError) as error:
        return broken(f"does not answer: {error}. Start it (`make demo` runs one of its own), or mend REDIS_URL.")
    return well(f"Redis {version} answers.")


def check_worker() -> Finding:
    from kombu.exceptions import KombuError

    from agentos.celery import app

    start = "start one with `celery --app agentos worker`, and one with `celery --app agentos beat`."
    try:
        workers = app.control.ping(timeout=2)
    except (KombuError, RedisError, OSError):
        return broken(f"cannot be asked while Redis does not answer; then {start}")
    if not workers:
        return broken(f"is not there: calls are neither swept nor finished. Please {start}")
    return well(f"{len(workers)} answered.")


def check_twilio() -> Finding:
    if not settings.TWILIO_ACCOUNT_SID:
        return unused("not configured; `make demo` brings a practice carrier.")
    if not settings.TWILIO_AUTH_TOKEN:
        return broken("TWILIO_AUTH_TOKEN is missing; the Twilio console shows it beside the account SID.")
    from telephony.carrier import CarrierError, fetch_account

    try:
        account = fetch_account()
    except CarrierError as error:
        if error.code in TWILIO_REFUSALS:
            return broken("refuses the account: TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN do not belong together.")
        if error.code == "unreachable":
            return broken(f"{settings.TWILIO_BASE_URL} does not answer. Mend TWILIO_BASE_URL or the way to it.")
        return broken(f"answered with the error {error.code}. Try again, or see status.twilio.com.")
    if account.status != "active":
        return broken(f"says that the account is {account.status}: no call can be made. See the Twilio console.")
    if urlsplit(settings.TWILIO_BASE_URL).hostname in THIS_MACHINE:
        return well("no account of yours is configured, the practice carrier answers in its place.")
    return well("the account is active.")


def check_website_calls() -> Finding:
    """Twilio's own kit for websites; our button needs none of it."""
    from telephony import voice_tokens
    from telephony.addresses import website_call_url
    from telephony.carrier import CarrierError, fetch_application

    lacking = [name for name in voice_tokens.missing() if name != "TWILIO_ACCOUNT_SID"]
    if len(lacking) == 3:
        return unused("not configured; our own button works without. docs/website.md says what Twilio's kit needs.")
    if lacking:
        where = "The Twilio console makes API keys under Account, and applications under Voice, TwiML apps."
        return broken(f"{' and '.join(lacking)} missing. {where}")
    try:
        voice_url = fetch_application()
    except CarrierError as error:
        if error.code == "unreachable":
            return broken(f"{settings.TWILIO_BASE_URL} does not answer. Mend TWILIO_BASE_URL or the way to it.")
        if error.code in TWILIO_REFUSALS:
            return broken("refuses: TWILIO_API_KEY_SID, its secret or TWILIO_TWIML_APP_SID is not of this account.")
        return broken(f"answered with the error {error.code}. Try again, or see status.twilio.com.")
    if voice_url != website_call_url():
        return broken(f"the TwiML app asks {voice_url or 'nobody'}. Make {website_call_url()} its voice URL.")
    return well("the API key is valid, and the TwiML app asks us.")


@dataclass(frozen=True)
class Vendor:
    """A cheap question that only a valid key gets answered."""

    name: str
    path: str
    header: str
    scheme: str = ""
    extra: tuple[tuple[str, str], ...] = ()

    def check(self) -> Finding:
        key, base = settings.VENDORS[self.name]["api_key"], settings.VENDORS[self.name]["base_url"]
        prefix = self.name.upper()
        if not key:
            return unused(f"not configured, the offline voice is used. {prefix}_API_KEY would change that.")
        headers = {self.header: f"{self.scheme}{key}", **dict(self.extra)}
        try:
            answer = httpx2.get(f"{base}{self.path}", headers=headers, timeout=PATIENCE_S)
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError):
            return broken(f"{base} does not answer. Mend {prefix}_BASE_URL or the way to it.")
        if answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            if "missing_permissions" in answer.text:  # a key of limited use, but a key
                return well("the key is valid; it may not do everything.")
            return broken(f"refuses the key. Make a new one and put it into {prefix}_API_KEY.")
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return well("answers; being a server of its own kind, it could not be asked about the key.")
        if answer.is_error:
            return broken(f"answered with status {answer.status_code}. Try again, or see the vendor's status page.")
        return well("the key is valid.")


VENDORS = (
    Vendor("deepgram", "/v1/projects", "Authorization", "Token "),
    Vendor("openai", "/models", "Authorization", "Bearer "),
    Vendor("anthropic", "/v1/models", "x-api-key", extra=(("anthropic-version", "2026-10-21"),)),
    Vendor("elevenlabs", "/v1/models", "xi-api-key"),
)


def check_models() -> Finding:
    """Whether something that answers calls uses a model that its vendor ends soon."""
    try:
        found = [each for tenant in Tenant.objects.all() for each in _ending_models(tenant.pk)]
    except DatabaseError:
        return unused("not known while the database is not well.")
    if any(ending.is_over for ending in found):
        names = ", ".join(sorted({ending.model.name for ending in found if ending.is_over}))
        return broken(f"callers are answered with {names}, which the vendor has ended. Choose another and publish.")
    if found:
        told = {f"{ending.model.name} until {ending.model.retires}" for ending in found}
        return well(f"in use, but not for long: {', '.join(sorted(told))}. Choose others in the editor.")
    return well("nothing that answers calls uses a model that ends soon.")


def check_calls() -> Finding:
    """Whether the vendors do their part in calls, as the latest calls have found."""
    try:
        found = async_to_sync(all_troubles)()
    except AWAY:
        return unused("not known while Redis is not well.")
    told = {of: sorted({each.name for each in found if (each.of == EVERYBODY) == of}) for of in (True, False)}
    if told[True]:
        return broken(
            f"{', '.join(told[True])} fail in calls; agents begin with their second choices, and one call at a time "
            "tries again. See the status pages of the vendors, and the accounts of this installation there."
        )
    if told[False]:
        return well(f"only single businesses meet failures, of {', '.join(told[False])}; they see so themselves.")
    return well("nobody who hears, thinks or speaks in calls is unwell.")


def _ending_models(tenant_id: int) -> list[Ending]:
    with tenant_transaction(tenant_id):
        live = Agent.objects.filter(archived_at=None, published__isnull=False).select_related("published__agent")
        return [ending for agent in live for ending in endings(values(agent.published))]


def check_own_servers() -> Finding:
    """Whether somebody is answered by a server of a business's own that has no address, or did not work when tried."""
    try:
        found = [each for tenant in Tenant.objects.all() for each in _own_servers(tenant)]
    except DatabaseError:
        return unused("not known while the database is not well.")
    if not found:
        return unused("no agent uses a server of its business's own.")
    wrong = sorted({f"{whose} ({what})" for whose, what in found if what})
    if wrong:
        return broken(f"not in order at {', '.join(wrong)}. Mend it in Settings, Vendor keys, of the business.")
    return well("every one that answers calls has an address.")


def _own_servers(tenant: Tenant) -> Iterator[tuple[str, str]]:
    """Whose each is that an agent answers with, and what is wrong with it."""
    with tenant_transaction(tenant):
        live = Agent.objects.filter(archived_at=None, published__isnull=False).select_related("published__agent")
        specs = [values(agent.published) for agent in live]
        held = vendor_credentials()
        for name in {spec[f"{role}_provider"] for spec in specs for role in ROLES}:
            if own := own_server(name):
                credential = held.get(name)
                if credential is None and not settings.VENDORS[name]["base_url"]:
                    yield tenant.slug, f"no address for {own.does.lower()}"
                elif credential is not None and credential.works is False:
                    yield tenant.slug, f"{own.does.lower()} did not work when it was tried"
                else:
                    yield tenant.slug, ""


def check_public_url() -> Finding:
    url = urlsplit(settings.PUBLIC_URL)
    needed = bool(settings.TWILIO_ACCOUNT_SID) and urlsplit(settings.TWILIO_BASE_URL).hostname not in THIS_MACHINE
    if needed and url.hostname in THIS_MACHINE:
        return broken(
            f"{settings.PUBLIC_URL} is this machine; Twilio cannot reach it. Set PUBLIC_URL to a public name."
        )
    if needed and url.scheme != "https":
        return broken(f"{settings.PUBLIC_URL} is not https; Twilio sends calls and audio only over TLS.")
    try:
        answer = httpx2.get(f"{settings.PUBLIC_URL}/healthz", timeout=PATIENCE_S)
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError):
        return broken(
            f"{settings.PUBLIC_URL} does not answer. Start `manage.py serve`, or mend PUBLIC_URL or the proxy."
        )
    if answer.text != "alive\n":
        return broken(f"{settings.PUBLIC_URL}/healthz is answered by something else. Mend PUBLIC_URL or the proxy.")
    return well(f"{settings.PUBLIC_URL} leads here.")


def check_mail() -> Finding:
    if not settings.EMAIL_BACKEND.endswith(".smtp.EmailBackend"):
        return unused("written to the log. EMAIL_URL would send it.")
    server = get_connection(timeout=PATIENCE_S)
    address = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        server.open()
    except SMTPAuthenticationError:
        return broken(f"{address} refuses the name and password in EMAIL_URL. Mend them; encode special characters.")
    except (SMTPException, OSError) as error:
        return broken(f"{address} cannot be used ({type(error).__name__}). Mend EMAIL_URL or the way to it.")
    finally:
        server.close()
    return well(f"{address} takes mail from {settings.DEFAULT_FROM_EMAIL}.")


CHECKS: dict[str, Callable[[], Finding]] = {
    "Database": check_database,
    "Redis": check_redis,
    "Worker": check_worker,
    "Twilio": check_twilio,
    "Website kit": check_website_calls,
    "Deepgram": VENDORS[0].check,
    "OpenAI": VENDORS[1].check,
    "Anthropic": VENDORS[2].check,
    "ElevenLabs": VENDORS[3].check,
    "Models": check_models,
    "Calls": check_calls,
    "Own servers": check_own_servers,
    "Public URL": check_public_url,
    "Mail": check_mail,
}


def _secrets() -> list[str]:
    """Every secret of the settings, to keep it off the screen."""
    kept: list[Any] = [settings.SECRET_KEY, settings.VAULT_KEY, *settings.VAULT_KEYS_OLD]
    kept += [settings.TWILIO_API_KEY_SECRET, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_SECONDARY]
    kept += [vendor["api_key"] for vendor in (*settings.VENDORS.values(), settings.WHISPER)]
    kept += [settings.DATABASES["default"].get("PASSWORD"), urlsplit(settings.REDIS_URL).password]
    kept += [settings.EMAIL_HOST_PASSWORD]
    return [secret for secret in kept if secret and secret != settings.NO_KEY]
