"""The page of one call as one person sees it: what was said, what was heard, and where the time went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

import structlog
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from agentos.tenants.models import Membership
from agentos.tenants.permissions import Permission, may
from agents.own_servers import own_server
from agents.transports import ELEVENLABS_NATIVE
from calls.after.costs import PARTS
from calls.after.models import Analysis, Cost
from calls.after.outcomes import Outcomes, outcomes, trouble_of
from calls.followups.models import LeftMessage
from calls.latency import BUDGET_MS, STAGES, Wait, p50, p95, waits
from calls.live.presence import You, waiting_for_person, you
from calls.models import Call, CallEvent, Recording, ToolRun, Turn, UsageLine
from calls.native.models import NativeCall
from calls.parts import Part
from calls.recordings import is_ready_made, path_of
from calls.scores import Score, score
from calls.speech import Stretch, longest_silence, stretches
from calls.transcripts import SHORTEST_SCALE_MS, Bar, Entry, Told, bars, script, script_parts, tell
from calls.transfers.story import Story, stories
from calls.usage import Used, providers, used
from calls.waveform import Waveform, waveform
from calls.wording import Outcome, happening, length_ms, other_number, outcome, own_number, position, title, who

log = structlog.get_logger(__name__)

ELSEWHERE = {
    "running": "This conversation runs at ElevenLabs. What is said comes here when it is over.",
    NativeCall.State.OPEN: "The call is over. ElevenLabs tells what was said, usually within a minute.",
    NativeCall.State.LOST: "ElevenLabs has not told what was said, and is not asked any more.",
}
TABS = {"transcript": "Transcript", "timing": "Timing", "events": "Events"}


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply in the table of waits."""

    wait: Wait
    bars: list[Bar]

    @property
    def at(self) -> str:
        return position(self.wait.turn.started_ms)


class CallPage:
    """As it looks `at` a moment. Asks the database once for each thing, and only for what the open tab shows."""

    def __init__(self, call: Call, membership: Membership, *, at: datetime, tab: str = "") -> None:
        self.call, self.membership, self.at = call, membership, at
        self.tab = tab if tab in TABS else "transcript"
        self.tabs = TABS

    # The call

    @cached_property
    def turns(self) -> list[Turn]:
        return list(self.call.turns.all())

    @cached_property
    def events(self) -> list[CallEvent]:
        return list(self.call.events.all())

    @cached_property
    def recording(self) -> Recording | None:
        """Once the call is over, and if its file is there."""
        found: Recording | None = Recording.objects.filter(call=self.call).first()
        return found if found and not self.is_live and path_of(found).is_file() else None

    @property
    def was_lost(self) -> bool:
        """Whether it went on over a new line for no other reason: nobody moved it, passed it on or put it through."""
        meant = [event for event in self.events if event.kind in ("moved", "handed_over", "transfer")]
        return self.call.segments > 1 + len(meant)

    @property
    def is_live(self) -> bool:
        return self.call.status != Call.Status.ENDED

    @cached_property
    def elsewhere(self) -> str:
        """Why nothing that was said is shown, where a vendor has the conversation; empty for all others."""
        native = self._native
        if native is None or (native.state == NativeCall.State.OPEN and self.call.segments > 1):  # it goes on here
            return ""
        state = "running" if self.is_live and native.state == NativeCall.State.OPEN else str(native.state)
        return ELSEWHERE.get(state, "")

    @cached_property
    def _native(self) -> NativeCall | None:
        if self.call.version.transport != ELEVENLABS_NATIVE:
            return None
        known: NativeCall | None = NativeCall.objects.filter(call=self.call).first()
        return known

    @property
    def is_mixed(self) -> bool:
        """Whether both sides are one in the recording, as a vendor keeps it."""
        return self._native is not None and self._native.state == NativeCall.State.IMPORTED

    @property
    def shows_numbers(self) -> bool:
        return may(self.membership, Permission.SEE_NUMBERS)

    @property
    def may_hear(self) -> bool:
        return may(self.membership, Permission.HEAR_RECORDINGS)

    @property
    def is_talking(self) -> bool:
        return self.call.status == Call.Status.IN_PROGRESS

    @property
    def connected_ms(self) -> int | None:
        """How long the line was or is open; None when it never was."""
        return length_ms(self.call, self.at) if self.call.answered_at else None

    @cached_property
    def length_ms(self) -> int:
        """At least until the last thing that is known of the call."""
        return max([length_ms(self.call, self.at), *(turn.ended_ms for turn in self.turns)])

    @cached_property
    def speech(self) -> list[Stretch]:
        return stretches(self.turns, self.length_ms)

    # The head

    @property
    def title(self) -> str:
        return title(self.call, self.turns, shows_numbers=self.shows_numbers)

    @property
    def outcome(self) -> Outcome:
        return outcome(self.call, self.turns, needs_person=self.call.pk in waiting_for_person([self.call]))

    @property
    def who(self) -> str:
        return who(self.call, shows_numbers=self.shows_numbers)

    @property
    def own_number(self) -> str:
        return own_number(self.call)

    @property
    def other_number(self) -> str:
        return other_number(self.call)

    # What came of it

    @property
    def analysis(self) -> Analysis | None:
        return getattr(self.call, "analysis", None)

    @property
    def outcomes(self) -> Outcomes | None:
        """Once the call has been read."""
        return outcomes(self.analysis) if self.analysis and self.analysis.made_at else None

    @property
    def trouble(self) -> str:
        """Why the call could not be read."""
        return trouble_of(self.analysis) if self.analysis and self.analysis.trouble else ""

    @property
    def may_manage(self) -> bool:
        return may(self.membership, Permission.MANAGE_CALLS)

    @cached_property
    def you(self) -> You | None:
        """What one may do to it while it lasts."""
        return you(self.call, self.membership) if self.is_live else None

    # The score

    @cached_property
    def score(self) -> Score:
        return score(
            self.call,
            self.turns,
            [(told.at_ms, told.what) for told in tell(self.events)],
            speech=self.speech,
            length_ms=self.length_ms,
            loudness=self._loudness(),
        )

    def _loudness(self) -> Waveform | None:
        if self.recording is None or not self.may_hear or is_ready_made(path_of(self.recording)):
            return None
        try:
            found = waveform(path_of(self.recording))
            begun = [(each.start_ms, each.is_agent) for each in self.speech]
            return found.told_apart(begun) if self.is_mixed else found
        except OSError as error:
            log.warning("a recording cannot be read", call_id=str(self.call.pk), reason=error.strerror)
            return None

    # The tabs

    @cached_property
    def runs(self) -> list[ToolRun]:
        """What the agent did, and was not allowed to do."""
        return list(self.call.tool_runs.select_related("call"))

    @cached_property
    def script(self) -> list[Entry]:
        return script(self.call, self.turns, self.events, self.runs)

    @property
    def told(self) -> list[Told]:
        return [Told(event, happening(event)) for event in self.events]

    @cached_property
    def waits(self) -> list[Wait]:
        return waits(self.turns)

    @property
    def slow(self) -> list[Wait]:
        return [wait for wait in self.waits if wait.is_slow]

    @property
    def guessed(self) -> int:
        """How many replies were begun before the caller's turn was certainly over, and rightly so."""
        return sum(wait.guessed for wait in self.waits)

    @property
    def p50(self) -> int | None:
        return p50([wait.ms for wait in self.waits])

    @property
    def p95(self) -> int | None:
        return p95([wait.ms for wait in self.waits])

    @property
    def slowest(self) -> Reply | None:
        return max(self.replies, key=lambda reply: reply.wait.ms, default=None)

    @property
    def silence(self) -> tuple[int, str]:
        """How long nobody spoke at most, and when that began."""
        longest_ms, began_ms = longest_silence(self.speech, self.length_ms)
        return longest_ms, position(began_ms)

    @property
    def replies(self) -> list[Reply]:
        return [Reply(wait, bars(wait, self.scale_ms)) for wait in self.waits]

    @cached_property
    def scale_ms(self) -> int:
        return max([SHORTEST_SCALE_MS, *(wait.ms for wait in self.waits)])

    @property
    def budget_x(self) -> str:
        return f"{100 * BUDGET_MS / self.scale_ms:.2f}"

    stages, budget_ms = STAGES, BUDGET_MS

    # Beside them

    @cached_property
    def _usage(self) -> list[UsageLine]:
        return list(self.call.usage.all())

    @property
    def cost(self) -> Cost | None:
        """By list prices, once the call is over; for those who may know."""
        return getattr(self.call, "cost", None) if may(self.membership, Permission.SEE_COSTS) else None

    @property
    def cost_parts(self) -> list[tuple[str, Decimal]]:
        parts = self.cost.parts if self.cost else {}
        return [(words, Decimal(parts[name])) for name, words in PARTS.items() if name in parts]

    @property
    def used_own_server(self) -> bool:
        return any(own_server(line.provider) for line in self._usage)

    @property
    def used(self) -> list[Used]:
        return used(self._usage, speculative=False)

    @property
    def used_in_vain(self) -> list[Used]:
        return used(self._usage, speculative=True)

    @cached_property
    def messages(self) -> list[LeftMessage]:
        """What the caller wants people to know."""
        return list(self.call.messages.all())

    @cached_property
    def stories(self) -> list[Story]:
        """How the caller was put through to people."""
        return stories(self.call)

    @property
    def providers(self) -> list[str]:
        return providers(self._usage)

    # Printed

    @cached_property
    def parts(self) -> dict[str, Part]:
        """What changes while the call lasts, by id."""
        named = [Part(name, self._print(f"calls/_{name}.html")) for name in ("head", "score", "analysis", "figures")]
        if self.tab == "transcript":
            return {part.id: part for part in [*named, *script_parts(self.call, self.script)]}
        return {part.id: part for part in [*named, Part(self.tab, self._print(f"calls/_{self.tab}.html"))]}

    @property
    def script_parts(self) -> list[Part]:
        return [part for part in self.parts.values() if part.list_id]

    def _print(self, template: str) -> SafeString:
        context = {"page": self, "call": self.call, "tenant": self.membership.tenant, "membership": self.membership}
        return render_to_string(template, context)
