"""Replay and prove the chain of dial receipts."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from campaigns.models import DialReceipt
from campaigns.receipts import verify


class Command(BaseCommand):
    help = "Check that every dial receipt is unchanged, that none is missing, and that the gate still says the same."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", help="slug of one tenant; without it, all are checked")

    def handle(self, *args: Any, **options: Any) -> None:
        tenants = Tenant.objects.order_by("slug")
        if options["tenant"]:
            tenants = tenants.filter(slug=options["tenant"])
            if not tenants:
                raise CommandError(f"There is no tenant called {options['tenant']}.")
        broken = 0
        for tenant in tenants:
            with tenant_transaction(tenant):
                faults = 0
                for faults, fault in enumerate(verify(), start=1):  # noqa: B007 - how many there were
                    self.stdout.write(f"{tenant.slug}: receipt {fault.sequence} {fault.why}")
                count = DialReceipt.objects.count()
            self.stdout.write(f"{tenant.slug}: {count} receipts, {faults} faults")
            broken += faults
        if broken:
            raise CommandError(f"{broken} receipts do not hold.")
