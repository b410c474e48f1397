"""Who may go where: every route, socket and task of the product stands in these tables, or the run fails."""

from __future__ import annotations

from dataclasses import dataclass

from agentos.tenants.permissions import Permission


@dataclass(frozen=True)
class Inside:
    """A page of a tenant: what a person needs to look at it, and to change something there (None: nobody can)."""

    look: Permission
    change: Permission | None = None

    @classmethod
    def of(cls, look: str, change: str | None = None) -> Inside:
        return cls(Permission(look), Permission(change) if change else None)

    @classmethod
    def all(cls, permission: str) -> Inside:
        return cls.of(permission, permission)


@dataclass(frozen=True)
class Public:
    """Open to anyone, because …"""

    reason: str


@dataclass(frozen=True)
class SignedIn:
    """Open to whoever is signed in, because …"""

    reason: str


@dataclass(frozen=True)
class Carrier:
    """Takes only what the carrier has signed; no session and no CSRF token count here."""

    reason: str


@dataclass(frozen=True)
class Closed:
    """Open to nobody, because …"""

    reason: str


Expectation = Inside | Public | SignedIn | Carrier

ROUTES: dict[str, Expectation] = {
    "home": SignedIn("leads to the tenants of the person"),
    "account_login": Public("the way in"),
    "account_logout": Public("leaving twice is harmless"),
    "account_inactive": Public("says that the account is closed"),
    "account_reset_password": Public("who forgot the password is not signed in"),
    "account_reset_password_done": Public("says that a mail may be on its way"),
    "account_reset_password_from_key": Public("the key in the mail is the proof"),
    "account_reset_password_from_key_done": Public("says that the password is changed"),
    "incoming_call": Carrier("the phone rings"),
    "resume_call": Carrier("a media socket was lost"),
    "call_status": Carrier("a call has moved on"),
    "stream_status": Carrier("what became of a media socket"),
    "tenants:team": Inside.of("view_team"),
    "tenants:change_role": Inside.all("manage_team"),
    "tenants:remove_member": Inside.all("manage_team"),
    "agents:index": Inside.of("view_agents"),
    "agents:create": Inside.all("edit_agents"),
    "agents:edit": Inside.of("view_agents", "edit_agents"),
    "agents:choices": Inside.all("edit_agents"),
    "agents:publish": Inside.all("publish_agents"),
    "agents:compare": Inside.of("view_agents"),
    "agents:rename": Inside.all("edit_agents"),
    "agents:discard": Inside.all("edit_agents"),
    "agents:archive": Inside.all("publish_agents"),
    "agents:restore": Inside.all("edit_agents"),
    "agents:make_live": Inside.all("publish_agents"),
    "practice:call": Inside.all("make_test_calls"),
    "calls:index": Inside.of("view_calls"),
    "calls:call": Inside.of("view_calls"),
    "calls:recording": Inside.of("hear_recordings"),
    "numbers:index": Inside.of("view_numbers", "manage_numbers"),
    "numbers:assign": Inside.all("manage_numbers"),
    "numbers:remove": Inside.all("manage_numbers"),
}

SOCKETS: dict[str, Expectation | Closed] = {
    "agents/<uuid:agent_id>/media": Carrier("the audio of a call"),
    "t/<slug:slug>/agents/<uuid:agent_id>/phone": Inside.all("make_test_calls"),
    "t/<slug:slug>/calls/live": Inside.of("view_calls"),
    "t/<slug:slug>/calls/<uuid:call_id>/live": Inside.of("view_calls"),
    "nowhere": Closed("an address that does not exist"),
}

PLATFORM_TASKS: dict[str, str] = {
    "calls.tasks.sweep": "ends forgotten calls, tenant by tenant",
    "campaigns.tasks.tick": "claims due people, tenant by tenant",
    "campaigns.tasks.dial": "enters the tenant that it is told, around a lock that outlives transactions",
    "campaigns.tasks.reconcile": "looks after attempts, tenant by tenant",
}

# Tables with a tenant that are read before a tenant is entered, and so stand outside of row-level security.
READ_BEFORE_ENTERING: dict[str, str] = {
    "tenants_membership": "tells which tenants a person may enter",
    "tenants_publicroute": "tells to which tenant a public id belongs",
}
