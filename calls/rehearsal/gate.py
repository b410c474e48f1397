"""Rehearsals before publishing: `agents.rehearsing.Stage` for those who work with agents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.utils.timezone import now

from agentos.tenants.models import User
from agents.models import Agent, AgentVersion
from agents.rehearsing import Scene, Standing
from calls.rehearsal import running
from calls.rehearsal.models import Rehearsal, RehearsalRun

LATE_AFTER = timedelta(seconds=45)  # in writing one takes seconds, also with a vendor's model

State = RehearsalRun.State


def put_on(agent: Agent, scenes: Sequence[Scene], *, by: User | None) -> None:
    """As Stage."""
    for scene in scenes:
        Rehearsal.objects.create(
            agent=agent,
            name=scene.name,
            lines=list(scene.lines),
            says=list(scene.says),
            never_says=list(scene.never_says),
            uses=list(scene.uses),
            criteria=list(scene.criteria),
            persona=scene.persona,
            goal=scene.goal,
            answers=dict(scene.answers),
            created_by=by,
        )


def standing(draft: AgentVersion) -> Standing:
    """As Stage: by the newest run in writing of each with the draft as it is."""
    found: dict[str, list[str]] = {"passed": [], "failed": [], "running": [], "unplayed": [], "late": []}
    runs, latest = _runs(draft), now() - LATE_AFTER
    for each in _asked(draft):
        run = runs.get(each.pk)
        found[_kind(run)].append(each.name)
        if run is not None and run.state == State.RUNNING and run.created_at < latest:
            found["late"].append(each.name)
    return Standing(**{kind: tuple(names) for kind, names in found.items()})


def begin(draft: AgentVersion) -> Standing:
    """As Stage. One that could not be played or judged is tried again."""
    runs, open_ = _runs(draft), (State.BROKEN, State.UNJUDGED)
    again = [each for each in _asked(draft) if each.pk not in runs or runs[each.pk].state in open_]
    running.begin(again, draft)
    return standing(draft)


def _kind(run: RehearsalRun | None) -> str:
    if run is None:
        return "unplayed"
    return {State.PASSED: "passed", State.RUNNING: "running"}.get(State(run.state), "failed")


def _asked(draft: AgentVersion) -> list[Rehearsal]:
    return list(Rehearsal.objects.filter(agent_id=draft.agent_id, before_publishing=True))


def _runs(draft: AgentVersion) -> dict[int, RehearsalRun]:
    """The newest of each rehearsal, with the draft as it is; one that was forgotten counts for nothing."""
    runs = RehearsalRun.objects.filter(rehearsal__agent_id=draft.agent_id, digest=running.digest_of(draft))
    known = runs.exclude(running.is_forgotten()).filter(by_voice=False).order_by("created_at", "pk")
    return {run.rehearsal_id: run for run in known}
