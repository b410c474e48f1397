"""What is sealed opens only where it belongs, with the right keys, through every rotation."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from agentos import vault
from agentos.checks import the_vault_has_a_key
from agentos.errors import DomainError
from agentos.tenants import credentials
from agentos.tenants.models import Credential, DataKey, LogEntry, Tenant
from agentos.tenants.scoping import tenant_transaction

PLACE = "tenants_credential.sealed:1"
SECRET = "sk-live-5up3r-s3cret-1234"

pytestmark = pytest.mark.django_db


def store(tenant: Tenant, name: str = "openai", secret: str = SECRET) -> Credential:
    with tenant_transaction(tenant):
        return credentials.store(Credential.Kind.VENDOR, name, secret)


def keys_of(tenant: Tenant) -> dict[str, str]:
    with tenant_transaction(tenant):
        return credentials.vendor_keys()


def test_what_is_sealed_opens_again_and_never_looks_the_same(tenant: Tenant):
    with tenant_transaction(tenant):
        first, second = vault.seal(SECRET, PLACE), vault.seal(SECRET, PLACE)

        assert vault.unseal(first, PLACE) == vault.unseal(second, PLACE) == SECRET
        assert first != second
        assert SECRET not in first
        assert DataKey.objects.count() == 1


def test_a_value_copied_to_another_row_does_not_open(tenant: Tenant):
    with tenant_transaction(tenant):
        sealed = vault.seal(SECRET, PLACE)

        with pytest.raises(vault.Unreadable):
            vault.unseal(sealed, "tenants_credential.sealed:2")


def test_a_value_and_its_key_copied_to_another_tenant_do_not_open(tenant: Tenant, other_tenant: Tenant):
    with tenant_transaction(tenant):
        sealed, wrapped = vault.seal(SECRET, PLACE), DataKey.objects.get().wrapped
    with tenant_transaction(other_tenant):
        DataKey.objects.create(number=1, wrapped=wrapped)

        with pytest.raises(vault.Unreadable):
            vault.unseal(sealed, PLACE)


@pytest.mark.parametrize("broken", ["", "d1:1:", "d1:x:AAAA", "d1:9:AAAA", "m1:1:AAAA", "d1:1:%%%", "plain text"])
def test_what_was_never_sealed_does_not_open(tenant: Tenant, broken: str):
    with tenant_transaction(tenant):
        vault.seal(SECRET, PLACE)

        with pytest.raises(vault.Unreadable):
            vault.unseal(broken, PLACE)


def test_one_flipped_bit_is_noticed(tenant: Tenant):
    with tenant_transaction(tenant):
        sealed = vault.seal(SECRET, PLACE)
        flipped = sealed[:20] + ("A" if sealed[20] != "A" else "B") + sealed[21:]

        with pytest.raises(vault.Unreadable):
            vault.unseal(flipped, PLACE)


def test_after_a_rotation_the_old_master_key_is_not_needed_any_more(tenant: Tenant, settings: Settings):
    store(tenant)
    settings.VAULT_KEYS_OLD, settings.VAULT_KEY = [settings.VAULT_KEY], "a new master key, long and random enough"
    assert keys_of(tenant) == {"openai": SECRET}

    said = StringIO()
    call_command("rotate_keys", stdout=said)

    settings.VAULT_KEYS_OLD = []
    assert keys_of(tenant) == {"openai": SECRET}
    assert said.getvalue() == "1 data keys wrapped anew, 0 secrets sealed again.\n"


def test_a_rotation_without_the_old_master_key_says_so_and_changes_nothing(tenant: Tenant, settings: Settings):
    store(tenant)
    old, settings.VAULT_KEY = settings.VAULT_KEY, "a new master key, long and random enough"

    with pytest.raises(CommandError, match="Juniper Dental"):
        call_command("rotate_keys", stdout=StringIO())

    assert keys_of(tenant) == {}
    settings.VAULT_KEY = old
    assert keys_of(tenant) == {"openai": SECRET}


def test_renewing_seals_every_secret_with_a_fresh_key(tenant: Tenant, other_tenant: Tenant):
    before = [store(tenant).sealed, store(other_tenant, "deepgram").sealed]

    call_command("rotate_keys", "--renew", stdout=StringIO())

    after = []
    for each in (tenant, other_tenant):
        with tenant_transaction(each):
            after.append(Credential.objects.get().sealed)
            assert Credential.objects.get().sealed.startswith("d1:2:")
    assert not set(before) & set(after)
    assert (keys_of(tenant), keys_of(other_tenant)) == ({"openai": SECRET}, {"deepgram": SECRET})


def test_a_vendor_has_one_key_and_a_revoked_one_is_gone(tenant: Tenant):
    first, second = store(tenant), store(tenant, secret="sk-live-another-5678")

    with tenant_transaction(tenant):
        first.refresh_from_db()
        assert (first.sealed, first.revoked_at is None) == ("", False)
        assert credentials.vendor_keys() == {"openai": "sk-live-another-5678"}
        credentials.revoke(second)
        assert credentials.vendor_keys() == {}
        with pytest.raises(vault.Unreadable):
            credentials.secret_of(second)


def test_no_row_of_the_database_holds_the_secret(tenant: Tenant):
    store(tenant)

    with tenant_transaction(tenant), connection.cursor() as cursor:
        for model in (Credential, DataKey, LogEntry):
            cursor.execute(f"select string_agg(t::text, ' ') from {model._meta.db_table} t")  # noqa: S608
            assert SECRET not in cursor.fetchone()[0]


@pytest.mark.parametrize("text", ["", "short", "two words\nand a line", "ключ-ключ-ключ", "x" * 4001])
def test_what_cannot_be_a_key_is_refused(tenant: Tenant, text: str):
    with pytest.raises(DomainError):
        store(tenant, secret=text)


def test_a_server_that_others_reach_needs_a_master_key_of_its_own(settings: Settings):
    settings.VAULT_KEY_IS_LOCAL = True
    assert the_vault_has_a_key(None) == []

    settings.PUBLIC_URL = "https://voice.example.com"
    assert [error.id for error in the_vault_has_a_key(None)] == ["agentos.E001"]

    settings.VAULT_KEY_IS_LOCAL, settings.VAULT_KEY = False, "short"
    assert [error.id for error in the_vault_has_a_key(None)] == ["agentos.E002"]
    settings.VAULT_KEY = "long enough to be a key, and random"
    assert the_vault_has_a_key(None) == []
