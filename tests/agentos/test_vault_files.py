"""A file that was sealed is worth nothing without the vault, and opens only where it belongs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from agentos import vault
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction

PLACE = "campaigns_reply:1"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def inside(tenant: Tenant) -> Iterator[None]:
    """Within the tenant whose files they are."""
    with tenant_transaction(tenant):
        yield


def test_a_sealed_file_shows_nothing_and_opens_for_its_own_row() -> None:
    sealed = vault.seal_file(b"RIFF yes I confirm", PLACE)

    assert b"confirm" not in sealed
    assert vault.unseal_file(sealed, PLACE) == b"RIFF yes I confirm"
    assert vault.seal_file(b"RIFF yes I confirm", PLACE) != sealed


def test_a_sealed_file_that_was_changed_cut_or_never_sealed_does_not_open() -> None:
    sealed = vault.seal_file(b"RIFF", PLACE)
    changed = [bytes(byte ^ (1 if place == at else 0) for place, byte in enumerate(sealed)) for at in (0, 3, 8, 20)]

    for wrong in (*changed, sealed[:-1], sealed[:8], b"", b"f1", b"f1:", b"f1:\xff:", b"RIFF and so on"):
        with pytest.raises(vault.Unreadable):
            vault.unseal_file(wrong, PLACE)


def test_the_file_of_one_row_or_business_does_not_open_as_another(other_tenant: Tenant) -> None:
    sealed = vault.seal_file(b"RIFF", PLACE)

    with pytest.raises(vault.Unreadable):
        vault.unseal_file(sealed, "campaigns_reply:2")
    with tenant_transaction(other_tenant):
        vault.seal_file(b"RIFF", PLACE)  # it has a first key of its own
        with pytest.raises(vault.Unreadable):
            vault.unseal_file(sealed, PLACE)


def test_files_open_after_either_kind_of_key_was_exchanged(settings: Settings) -> None:
    sealed = vault.seal_file(b"RIFF", PLACE)
    settings.VAULT_KEY, settings.VAULT_KEYS_OLD = "another", [settings.VAULT_KEY]
    vault.rewrap()
    vault.renew()
    settings.VAULT_KEYS_OLD = []

    assert vault.unseal_file(sealed, PLACE) == b"RIFF"
    assert vault.seal_file(b"RIFF", PLACE)[:5] == b"f1:2:"
