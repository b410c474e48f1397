"""Draws the table of docs/engines.md anew."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentos.settings")
django.setup()

from tests.conformance.table import main  # noqa: E402 - the engines need their settings

main()
