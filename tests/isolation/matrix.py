"""Asks every address as everybody, with everybody's ids, by every method, and reports what should not be."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote, urlencode

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client
from django.test.client import ClientHandler

from agentos.tenants.models import Role
from agentos.tenants.permissions import GRANTS, LOOKING, needs_of
from tests.isolation.expectations import (
    Carrier,
    Expectation,
    Inside,
    Keyed,
    Listed,
    Public,
    Sealed,
    SignedIn,
    Tokened,
)
from tests.isolation.routes import Route
from tests.isolation.world import MISSING, WORDS, Business, fingerprint, foreign_keys_across, something_was_written

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")
CHANGING = tuple(method for method in METHODS if method not in LOOKING)
ANONYMOUS, STRANGER = "anonymous", "stranger"
PERSONAS = (ANONYMOUS, STRANGER, *(role.value for role in Role))
FIRST = (ANONYMOUS, STRANGER, Role.OWNER)
"""Whom every request is tried as; among the other roles only what a role may do differs."""
FORM = "application/x-www-form-urlencoded"
SIGN_IN = "/account/login/?next="

_TOKENS = re.compile(r'(?<=name="csrfmiddlewaretoken" value=")\w+|(?<="X-CSRFToken": ")\w+')

Values = dict[str, str]


@dataclass(frozen=True)
class Answer:
    """A response, without what differs from one request to the next by nature."""

    status: int
    body: str
    location: str

    @classmethod
    def of(cls, response: HttpResponse, asked_with: Values) -> Answer:
        body = async_to_sync(_collected)(response) if getattr(response, "is_async", False) else response.getvalue()
        texts = [_TOKENS.sub("", body.decode(errors="replace")), unquote(response.get("Location", ""))]
        for name in asked_with.keys() & MISSING.keys():
            echo = re.compile(rf"(?<![\w-]){re.escape(asked_with[name])}(?![\w-])")
            texts = [echo.sub(f"<{name}>", text) for text in texts]
        return cls(response.status_code, *texts)

    @property
    def is_sign_in(self) -> bool:
        return self.status == 302 and self.location.startswith(SIGN_IN)


async def _collected(response: StreamingHttpResponse) -> bytes:
    return b"".join([part async for part in response])


class Browser(Client):
    """Asks without recording what was rendered, and forgets every cookie but its first: what was done is undone."""

    guarded, unguarded = ClientHandler(enforce_csrf_checks=True), ClientHandler(enforce_csrf_checks=False)

    def __init__(self, session: str, *, enforce_csrf_checks: bool = False) -> None:
        super().__init__()
        self.handler = self.guarded if enforce_csrf_checks else self.unguarded
        if session:
            self.cookies[settings.SESSION_COOKIE_NAME] = session

    def request(self, **request: Any) -> HttpResponse:
        return self.handler(self._base_environ(**request))


@dataclass(frozen=True)
class Visit:
    """One persona before one route. Addresses point into `here`; `there` is the persona's other world."""

    route: Route
    expectation: Expectation
    persona: str
    here: Business
    there: Business

    @cached_property
    def browser(self) -> Browser:
        if self.persona == STRANGER:
            return Browser(self.there.sessions[Role.OWNER])
        return Browser(self.here.sessions.get(self.persona, ""))

    @property
    def hidden(self) -> Business:
        """Whose words this persona may never read, and whose rows they may never touch."""
        return self.here if self.persona == STRANGER else self.there

    def findings(self, served: Container[str]) -> Iterator[str]:
        """What should not be, in sentences. None is good.

        All methods are asked for with own ids, HEAD as those in FIRST alone; of other ids only the owner is tried with
        those that are not `served`.
        """
        own = self._of(self.here.parameters)
        for method in METHODS:
            if method == "HEAD" and self.persona not in FIRST:
                continue
            answer, troubles = self._ask(method, own)
            yield from troubles
            if complaint := self._complaint(method, answer):
                yield self._label(method, f"{answer.status}, {complaint}")
            if method not in served and self.persona != Role.OWNER:
                continue
            got_in = answer.status not in (403, 404, 405) and not answer.is_sign_in
            for foreign, missing in self._mixtures(own, one_by_one=got_in or method in ("GET", "POST")):
                yield from self._compare(method, (foreign, {}), (missing, {}))
        for method in ("POST", "GET") if self.persona in FIRST else ("POST",):
            yield from self._compare(method, (own, _pointing(self.there.parameters)), (own, _pointing(MISSING)))

    def _of(self, parameters: Values | dict[str, str]) -> Values:
        return {name: parameters[name] for name in self.route.parameters}

    def _mixtures(self, own: Values, *, one_by_one: bool) -> Iterator[tuple[Values, Values]]:
        """Own ids with some of them exchanged: for theirs, and for ids that do not exist."""
        theirs, nobodys = self._of(self.there.parameters), self._of(MISSING | WORDS)
        names = [name for name in own if name not in WORDS]
        all_but_slug = [name for name in names if name != "slug"]
        groups = [[name] for name in names] if one_by_one else []
        if all_but_slug and all_but_slug not in groups:
            groups.append(all_but_slug)
        for exchanged in groups:
            if exchanged == ["slug"] and self.persona == STRANGER:
                continue  # the other slug is the stranger's own
            yield own | {n: theirs[n] for n in exchanged}, own | {n: nobodys[n] for n in exchanged}

    def _compare(self, method: str, foreign: tuple[Values, Values], missing: tuple[Values, Values]) -> Iterator[str]:
        """Somebody else's id must be answered like one that belongs to nobody."""
        one, troubles = self._ask(method, *foreign)
        other, _ = self._ask(method, *missing)
        yield from troubles
        if one != other:
            yield self._label(method, f"somebody else's id ({one.status}) is not like a missing one ({other.status})")

    def _ask(self, method: str, values: Values, form: Values | None = None) -> tuple[Answer, list[str]]:
        """Ask, look for damage, and undo whatever was done."""
        address, body = self.route.address(values), urlencode(form or {})
        troubles = []
        with transaction.atomic():
            if method in LOOKING:
                response = self.browser.generic(method, f"{address}?{body}" if body else address)
            else:
                response = self.browser.generic(method, address, body, content_type=FORM)
            answer = Answer.of(response, values | (form or {}))
            if answer.status >= 500:
                troubles.append(self._label(method, str(answer.status)))
            if any(secret in text for secret in self.hidden.secrets for text in (answer.body, answer.location)):
                troubles.append(self._label(method, "words of another tenant are shown"))
            if something_was_written():
                troubles += [self._label(method, damage) for damage in self._damage()]
            transaction.set_rollback(True)
        return answer, troubles

    def _damage(self) -> Iterator[str]:
        if fingerprint(self.hidden) != self.hidden.untouched:
            yield "rows or files of another tenant are changed"
        if foreign_keys_across(self.here, self.there):
            yield "a row now points into another tenant"

    def served(self) -> set[str]:
        """The methods to which the route has more to say than that it does not take them. HEAD is GET, unheard."""
        own = self._of(self.here.parameters)
        return {method for method in METHODS if method != "HEAD" and self._ask(method, own)[0].status != 405}

    def _complaint(self, method: str, answer: Answer) -> str:
        """What is wrong with the answer to somebody who asks for `here` by its own ids."""
        match self.expectation:
            case Public():
                return "but it is public" if answer.is_sign_in or answer.status in (401, 403, 404) else ""
            case Carrier():
                return "" if answer.status in (403, 405) else "but nothing was signed"
            case Listed() | Tokened():
                return "" if answer.status in (403, 405) else "but no listed website asked"
            case Sealed():
                return "" if answer.status in (404, 405) else "but nothing was signed"
            case Keyed():
                return "" if answer.status == 401 else "but no key was sent"
            case SignedIn():
                is_right = answer.is_sign_in if self.persona == ANONYMOUS else answer.status not in (401, 403, 404)
                return "" if is_right else "but it is for whoever is signed in"
            case Inside():
                return self._inside(self.expectation, method, answer)

    def _inside(self, inside: Inside, method: str, answer: Answer) -> str:
        if self.persona == ANONYMOUS:
            return "" if answer.is_sign_in else "but nobody is signed in"
        if self.persona == STRANGER:
            return "" if answer.status == 404 else "but a stranger finds nothing here"
        permission = inside.look if method in LOOKING else inside.change
        if permission is None:
            return "" if answer.status == 405 else "but nothing can be changed here"
        if self.persona not in GRANTS[permission].roles:
            return "" if answer.status == 403 else f"but that takes {permission}"
        return f"but {permission} is granted" if answer.is_sign_in or answer.status in (403, 404) else ""

    def _label(self, method: str, what: str) -> str:
        return f"{method} {self.route.name} as {self.persona}: {what}"


def examine(
    route: Route, table: dict[str, Expectation], here: Business, there: Business, personas: Iterable[str] = PERSONAS
) -> list[str]:
    """Everything that is wrong with one route."""
    expectation = table.get(route.name)
    if expectation is None:
        return [f"{route.name} stands in no table: say who may go there"]
    if unknown := set(route.parameters) - MISSING.keys() - WORDS.keys():
        return [f"{route.name} has parameters that no fixture knows: {', '.join(sorted(unknown))}"]
    served = Visit(route, expectation, Role.OWNER, here, there).served() | {"GET", "POST"}
    findings = [
        finding for persona in personas for finding in Visit(route, expectation, persona, here, there).findings(served)
    ]
    return [*_declaration(route, expectation), *findings, *_forged(route, expectation, here)]


def _declaration(route: Route, expectation: Expectation) -> Iterator[str]:
    """The view and the table must say the same."""
    declared = needs_of(route.view)
    expected = (expectation.look, expectation.change) if isinstance(expectation, Inside) else None
    if (declared and (declared.to_look, declared.to_change)) != expected:
        yield f"{route.name} declares {declared}, the table says {expected}"


def _forged(route: Route, expectation: Expectation, here: Business) -> Iterator[str]:
    """Without a CSRF token no change is taken from a browser."""
    if isinstance(expectation, Carrier | Keyed | Listed):
        return
    browser = Browser(here.sessions[Role.OWNER], enforce_csrf_checks=True)
    address = route.address({name: here.parameters[name] for name in route.parameters})
    for method in CHANGING:
        with transaction.atomic():
            status = browser.generic(method, address, content_type=FORM).status_code
            transaction.set_rollback(True)
        if status != 403:
            yield f"{method} {route.name} without a CSRF token: {status}"


def _pointing(parameters: Values | dict[str, str]) -> Values:
    """A form that tries to point at rows: `agent_id` goes by `agent` as well."""
    ids = {name: value for name, value in sorted(parameters.items()) if name.endswith("_id")}
    return ids | {name.removesuffix("_id"): value for name, value in ids.items()}
