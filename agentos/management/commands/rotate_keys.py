"""Exchange the keys of the vault while everything runs. After VAULT_KEY was replaced and the old one put into
VAULT_KEYS_OLD, wraps the data keys of every business by the new one; then the old one can go. With --renew every
business gets a fresh data key as well, and its secrets are sealed again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agentos import vault
from agentos.tenants import credentials
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--renew", action="store_true", help="fresh data keys, and every secret sealed again")

    def handle(self, *args: Any, renew: bool, **options: Any) -> None:
        wrapped = sealed = 0
        unreadable = []
        for tenant in Tenant.objects.order_by("pk"):
            try:
                with tenant_transaction(tenant):  # all of one business, or nothing
                    wrapped += vault.rewrap()
                    if renew:
                        vault.renew()
                        sealed += credentials.seal_again()
            except vault.Unreadable as error:
                unreadable.append(f"{tenant}: {error}")
        self.stdout.write(f"{wrapped} data keys wrapped anew, {sealed} secrets sealed again.")
        if unreadable:
            raise CommandError("Left as they were, put the missing key into VAULT_KEYS_OLD: " + "; ".join(unreadable))
