"""`manage.py migrate`, for databases that it can bring up to date."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connections
from django.db.migrations.loader import MigrationLoader


class Command(migrate.Command):
    def handle(self, *labels: Any, **options: Any) -> None:
        refuse_half_migrated(options["database"])
        super().handle(*labels, **options)


def refuse_half_migrated(database: str) -> None:
    """The migrations of early builds are one for each app now. A database has all of them or none.

    Raises `CommandError`, before a table is touched.
    """
    loader = MigrationLoader(connections[database])
    for migration in loader.disk_migrations.values():
        missing = set(migration.replaces) - set(loader.applied_migrations)
        if missing and len(missing) < len(migration.replaces):
            raise CommandError(
                f"This database is of an early build, and {len(missing)} of that time's migrations of "
                f"“{migration.app_label}” are missing. Migrate it with a build that still has them, or begin with a "
                "new database; the sample one of `make demo` goes with `make clean`."
            )
