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
class Sealed:
    """Not there for anybody but the holder of an address that is signed and ends, because …"""

    reason: str


@dataclass(frozen=True)
class Keyed:
    """Takes only the key of a program; no session and no CSRF token count here, because …"""

    reason: str


@dataclass(frozen=True)
class Listed:
    """Answers only pages of websites that the tenant has listed; no session and no CSRF token count here, because …"""

    reason: str


@dataclass(frozen=True)
class Tokened:
    """Opens to anyone, and closes again without a word to whoever does not bring a token, because …"""

    reason: str


@dataclass(frozen=True)
class Closed:
    """Open to nobody, because …"""

    reason: str


Expectation = Inside | Public | SignedIn | Carrier | Sealed | Keyed | Listed | Tokened

ROUTES: dict[str, Expectation] = {
    "home": SignedIn("leads to the tenants of the person"),
    "front": Inside.of("view_calls"),
    "account_login": Public("the way in"),
    "account_logout": Public("leaving twice is harmless"),
    "account_inactive": Public("says that the account is closed"),
    "account_reset_password": Public("who forgot the password is not signed in"),
    "account_reset_password_done": Public("says that a mail may be on its way"),
    "account_reset_password_from_key": Public("the key in the mail is the proof"),
    "account_reset_password_from_key_done": Public("says that the password is changed"),
    "incoming_call": Carrier("the phone rings"),
    "website_call": Carrier("a website calls with the carrier's own kit"),
    "resume_call": Carrier("a media socket was lost"),
    "call_status": Carrier("a call has moved on"),
    "transferred": Carrier("the phone of a person was rung for a caller"),
    "hold": Carrier("a caller waits for a person"),
    "person": Carrier("a person has picked up, or pressed a key"),
    "person_status": Carrier("the phone of a person has moved on"),
    "hold_music": Public("music, the same for everybody"),
    "stream_status": Carrier("what became of a media socket"),
    "elevenlabs_report": Carrier("the vendor that ran a conversation reports it"),
    "elevenlabs_tool": Carrier("the vendor that runs a conversation asks for a tool, with the pass of the call"),
    "outbound_call": Carrier("somebody of a campaign picked up"),
    "incoming_message": Carrier("somebody sent a text message"),
    "attempt_status": Carrier("a call of a campaign has moved on"),
    "key_pressed": Carrier("somebody answered by key or in words"),
    "recording_complete": Carrier("a spoken answer was recorded"),
    "answered_by": Carrier("a person or a machine picked up"),
    "clip": Sealed("the carrier fetches what it plays, and signs nothing"),
    "api:do_not_call": Keyed("a program tells who is not called"),
    "api:consents": Keyed("a program tells who agreed"),
    "api:campaigns": Keyed("a program asks which campaigns there are"),
    "api:campaign": Keyed("a program asks how a campaign stands"),
    "api:dry_run": Keyed("a program asks what would happen"),
    "api:publish_agent": Keyed("a program publishes the draft of an agent"),
    "api:voice_token": Keyed("a website asks for a token to call with"),
    "widget:script": Public("the script of the buttons, the same for all of them"),
    "widget:panel": Listed("visitors of the websites of a business are signed in nowhere"),
    "website:index": Inside.all("manage_website"),
    "tenants:api": Inside.all("manage_api"),
    "integrations:keys": Inside.all("manage_integrations"),
    "integrations:tools": Inside.all("manage_integrations"),
    "integrations:tool": Inside.all("manage_integrations"),
    "integrations:server": Inside.all("manage_integrations"),
    "webhooks:index": Inside.all("manage_integrations"),
    "webhooks:endpoint": Inside.all("manage_integrations"),
    "tenants:team": Inside.of("view_team"),
    "tenants:change_role": Inside.all("manage_team"),
    "tenants:remove_member": Inside.all("manage_team"),
    "agents:index": Inside.of("view_agents"),
    "agents:create": Inside.all("edit_agents"),
    "agents:write": Inside.all("edit_agents"),
    "agents:written": Inside.all("edit_agents"),
    "transfers:people": Inside.of("view_numbers", "manage_numbers"),
    "rehearsals:index": Inside.of("view_agents", "edit_agents"),
    "rehearsals:try": Inside.all("make_test_calls"),
    "rehearsals:rehearsal": Inside.of("view_agents", "edit_agents"),
    "knowledge:index": Inside.of("view_agents", "edit_agents"),
    "knowledge:source": Inside.of("view_agents", "edit_agents"),
    "knowledge:close_gap": Inside.all("edit_agents"),
    "agents:edit": Inside.of("view_agents", "edit_agents"),
    "agents:choices": Inside.all("edit_agents"),
    "agents:hear": Inside.all("edit_agents"),
    "agents:native": Inside.all("publish_agents"),
    "agents:publish": Inside.all("publish_agents"),
    "agents:compare": Inside.of("view_agents"),
    "agents:rename": Inside.all("edit_agents"),
    "agents:discard": Inside.all("edit_agents"),
    "agents:archive": Inside.all("publish_agents"),
    "agents:restore": Inside.all("edit_agents"),
    "agents:make_live": Inside.all("publish_agents"),
    "practice:call": Inside.all("make_test_calls"),
    "calls:index": Inside.of("view_calls"),
    "calls:retention": Inside.of("view_calls", "manage_calls"),
    "calls:costs": Inside.of("see_costs", "set_budget"),
    "calls:export": Inside.of("view_calls"),
    "calls:call": Inside.of("view_calls", "manage_calls"),
    "calls:steer": Inside.all("steer_calls"),
    "calls:recording": Inside.of("hear_recordings"),
    "calendar:index": Inside.of("view_calendar", "manage_calendar"),
    "calendar:appointment": Inside.of("view_calendar", "manage_calendar"),
    "calendar:hours": Inside.of("view_calendar", "manage_calendar"),
    "calendar_google": SignedIn("Google sends people back here; what it does, a signed state says"),
    "calendar_feed": Sealed("calendar programs fetch the feed, and sign in nowhere"),
    "followups:index": Inside.of("view_contacts", "handle_replies"),
    "numbers:index": Inside.of("view_numbers", "manage_numbers"),
    "numbers:assign": Inside.all("manage_numbers"),
    "numbers:remove": Inside.all("manage_numbers"),
    "contacts:index": Inside.of("view_contacts"),
    "contacts:contact": Inside.of("view_contacts"),
    "contacts:give_consent": Inside.all("manage_contacts"),
    "contacts:memory": Inside.all("manage_contacts"),
    "contacts:stop": Inside.all("manage_contacts"),
    "contacts:erase": Inside.all("manage_calls"),
    "contacts:revoke": Inside.all("manage_contacts"),
    "contacts:proof": Inside.all("download_proof"),
    "contacts:template": Inside.of("view_contacts"),
    "contacts:upload": Inside.all("manage_contacts"),
    "contacts:import": Inside.all("manage_contacts"),
    "contacts:progress": Inside.all("manage_contacts"),
    "contacts:again": Inside.all("manage_contacts"),
    "contacts:rejected": Inside.all("manage_contacts"),
    "contacts:consent": Inside.of("view_contacts", "manage_contacts"),
    "contacts:do_not_call": Inside.of("view_contacts", "manage_contacts"),
    "contacts:lift": Inside.all("manage_contacts"),
    "contacts:registry": Inside.of("view_contacts", "manage_contacts"),
    "campaigns:index": Inside.of("view_campaigns"),
    "campaigns:create": Inside.all("run_campaigns"),
    "campaigns:campaign": Inside.of("view_campaigns"),
    "campaigns:progress": Inside.of("view_campaigns"),
    "campaigns:clips": Inside.of("view_contacts", "run_campaigns"),
    "campaigns:why": Inside.of("view_contacts"),
    "campaigns:export": Inside.of("view_contacts"),
    "campaigns:pause": Inside.all("run_campaigns"),
    "campaigns:resume": Inside.all("run_campaigns"),
    "campaigns:stop": Inside.all("run_campaigns"),
    "campaigns:redial": Inside.all("run_campaigns"),
    "campaigns:step": Inside.all("run_campaigns"),
    "campaigns:remove_people": Inside.all("run_campaigns"),
    "campaigns:preview": Inside.all("run_campaigns"),
    "campaigns:dry_run": Inside.all("run_campaigns"),
    "campaigns:export_dry_run": Inside.all("run_campaigns"),
    "campaigns:test_call": Inside.all("run_campaigns"),
    "campaigns:start": Inside.all("run_campaigns"),
    "campaigns:discard": Inside.all("run_campaigns"),
    "replies:index": Inside.of("view_contacts"),
    "replies:reply": Inside.of("view_contacts", "handle_replies"),
    "replies:recording": Inside.of("hear_recordings"),
    "replies:export": Inside.of("view_contacts"),
}

SOCKETS: dict[str, Expectation | Closed] = {
    "agents/<uuid:agent_id>/media": Carrier("the audio of a call"),
    "agents/<uuid:agent_id>/ws": Carrier("the audio of a call, or its words"),
    "website/phone": Tokened("visitors of websites call, and the token of their call says whom"),
    "t/<slug:slug>/agents/<uuid:agent_id>/phone": Inside.all("make_test_calls"),
    "t/<slug:slug>/calls/live": Inside.of("view_calls"),
    "t/<slug:slug>/calls/<uuid:call_id>/live": Inside.of("view_calls"),
    "t/<slug:slug>/calls/<uuid:call_id>/sound": Inside.of("listen_in"),
    "nowhere": Closed("an address that does not exist"),
}

PLATFORM_TASKS: dict[str, str] = {
    "agents.tasks.write_proposal": "enters the tenant that it is told, before and after a model is asked",
    "agents.tasks.read_pages_again": "queues the pages of each tenant, tenant by tenant",
    "calls.tasks.introduce": "enters the tenant that it is told, before and after a model is asked",
    "telephony.tasks.look_after_transfers": "looks after callers who wait for a person, tenant by tenant",
    "agents.tasks.remove_copy": "enters the tenant that it is told, before and after its vendor is asked",
    "agents.tasks.bring_into_step": "enters the tenant that it is told, before and after its vendor is asked",
    "agents.tasks.compare_copy": "enters the tenant that it is told, before and after its vendor is asked",
    "agents.tasks.compare_copies": "compares the copies of agents at their vendor, tenant by tenant",
    "calls.tasks.look_after_hosted": "queues the calls that vendors have, tenant by tenant",
    "calls.tasks.settle_hosted": "enters the tenant that it is told, before and after its vendor is asked",
    "agents.tasks.refresh_vendor_lists": "asks vendors for each tenant, tenant by tenant",
    "telephony.tasks.rehearse_aloud": "enters the tenant that it is told, before and after a call",
    "calls.tasks.rehearse": "enters the tenant that it is told, before and after models are asked",
    "calls.tasks.sweep": "ends forgotten calls, tenant by tenant",
    "calls.tasks.forget_old": "erases what is old enough, tenant by tenant",
    "calls.tasks.watch_budgets": "counts what was spent, tenant by tenant",
    "calls.tasks.follow_calendars": "queues the calendars that are also kept at Google, tenant by tenant",
    "calls.tasks.analyze_ended": "takes up calls that are over, tenant by tenant",
    "calls.tasks.analyze": "enters the tenant that it is told, before and after a model is asked",
    "agentos.webhooks.tasks.deliver": "enters the tenant that it is told, before and after each request",
    "agentos.webhooks.tasks.sweep": "looks for what is due, tenant by tenant",
    "agentos.webhooks.tasks.forget": "deletes what is old, tenant by tenant",
    "campaigns.tasks.tick": "claims due people and calls them, tenant by tenant",
    "campaigns.tasks.reconcile": "looks after attempts, tenant by tenant",
    "campaigns.tasks.take_prices": "stores what calls have cost, tenant by tenant",
    "campaigns.tasks.ask_a_model": "enters the tenant that it is told, before and after a model is asked",
    "campaigns.tasks.fetch_reply": "enters the tenant that it is told, around a download",
    "campaigns.tasks.delete_recording": "asks the carrier to forget a recording, and reads nothing of anybody",
    "campaigns.tasks.cancel_call": "enters the tenant that it is told, before the carrier is asked",
    "campaigns.tasks.read_conversation": "enters the tenant that it is told, and comes back for the last words",
    "campaigns.tasks.make_clips": "makes the clips of the tenant that it is told, in transactions of its own",
}

# Tables with a tenant that are read before a tenant is entered, and so stand outside of row-level security.
READ_BEFORE_ENTERING: dict[str, str] = {
    "tenants_membership": "tells which tenants a person may enter",
    "tenants_apikey": "tells which tenant the holder of a key may enter",
    "tenants_publicroute": "tells to which tenant a public id belongs",
}
