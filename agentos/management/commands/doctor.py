"""`manage.py doctor`: is every configured part well?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from agentos.diagnosis import CHECKS, State


class Command(BaseCommand):
    help = "Try every configured part, and say in a sentence each what is wrong and how to mend it."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        ill = []
        for name, check in CHECKS.items():
            finding = check()
            self.stdout.write(f"{finding.state.value:<5} {name:<11} {finding.sentence}")
            if finding.state is State.BROKEN:
                ill.append(name)
        if ill:
            raise CommandError(f"Not well: {', '.join(ill)}.")
