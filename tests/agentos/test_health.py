"""Probes of a load balancer."""

from __future__ import annotations

import pytest
from asgiref.testing import ApplicationCommunicator

from agentos import health
from agentos.draining import Drain


async def ask(path: str) -> tuple[int, bytes]:
    async def page(scope: health.Message, receive: health.Receive, send: health.Send) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b"a page"})

    probe = ApplicationCommunicator(health.with_health(page), {"type": "http", "path": path})
    await probe.send_input({"type": "http.request"})
    return (await probe.receive_output())["status"], (await probe.receive_output())["body"]


@pytest.fixture
def drain(monkeypatch: pytest.MonkeyPatch) -> Drain:
    drain = Drain()
    monkeypatch.setattr(health, "drain", drain)
    return drain


async def test_a_process_that_runs_lives_and_is_ready(drain: Drain):
    assert await ask("/healthz") == (200, b"alive\n")
    assert await ask("/healthz/ready") == (200, b"ready\n")


async def test_a_draining_process_lives_but_is_not_ready(drain: Drain):
    drain.begin()

    assert await ask("/healthz") == (200, b"alive\n")
    assert await ask("/healthz/ready") == (503, b"draining\n")


async def test_every_other_path_belongs_to_the_application(drain: Drain):
    assert await ask("/healthz/other") == (404, b"a page")
