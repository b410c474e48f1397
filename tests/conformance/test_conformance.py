"""Every scenario on every engine. docs/engines.md shows the table."""

from __future__ import annotations

import pytest

from tests.clock import on_virtual_clock
from tests.conformance import table
from tests.conformance.engines import CANNOT, ENGINES
from tests.conformance.relay_carrier import VirtualRelay
from tests.conformance.scenarios import SCENARIOS


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("engine", ENGINES)
@on_virtual_clock
async def test_an_engine_does_what_every_engine_must(engine: str, scenario: str) -> None:
    if (engine, scenario) in CANNOT:
        with pytest.raises(AssertionError):
            await SCENARIOS[scenario](engine)
    else:
        await SCENARIOS[scenario](engine)


@pytest.mark.parametrize("scenario", ["barge_in", "cough", "silence", "goodbye", "limit", "vendor_fails"])
@on_virtual_clock
async def test_a_relay_that_never_reports_what_it_does_is_talked_with_by_the_clock(
    scenario: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VirtualRelay, "reports", False)
    await SCENARIOS[scenario]("conversation_relay")


def test_the_document_shows_the_table_that_holds() -> None:
    assert table.PAGE.read_text() == table.page(table.PAGE.read_text())
