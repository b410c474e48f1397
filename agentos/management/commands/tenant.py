"""Suspend a business, or let it go on. While it is suspended its callers are told to try again later, its campaigns
wait, and its people can read everything and change nothing; calls in progress go on to their end."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agentos.tenants import services
from agentos.tenants.models import Tenant

VERBS = {
    "suspend": (services.suspend, "is suspended"),
    "resume": (services.resume, "is not suspended"),
}


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=VERBS)
        parser.add_argument("slug", help="the business, as in the address of its pages: /t/<slug>/")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["slug"]).first()
        if tenant is None:
            raise CommandError(f"There is no business at /t/{options['slug']}/.", returncode=2)
        act, state = VERBS[options["verb"]]
        is_new = act(tenant)
        self.stdout.write(f"{tenant} {state}{' now' if is_new else ', as before'}.")
