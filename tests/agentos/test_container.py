"""The image and the compose file hold what the product needs, and give a drain its time."""

from __future__ import annotations

import re

import yaml
from django.conf import settings

from tests.embedded import CHECKOUT

COMPOSE = yaml.safe_load((CHECKOUT / "docker/compose.yaml").read_text())
OURS = {app.split(".")[0] for app in settings.INSTALLED_APPS if (CHECKOUT / app.split(".")[0]).is_dir()}


def test_the_image_holds_every_package_of_ours_and_what_the_pages_need():
    copied = set(re.findall(r"^COPY (\S+) \1$", (CHECKOUT / "docker/Dockerfile").read_text(), re.MULTILINE))

    assert copied == OURS | {"templates", "static"}


def test_nothing_that_is_copied_is_ignored():
    wanted = {line[1:] for line in (CHECKOUT / "docker/Dockerfile.dockerignore").read_text().split() if line[0] == "!"}

    assert wanted == OURS | {"templates", "static", "manage.py", "requirements.txt", "requirements-offline.txt"}


def test_a_web_container_has_time_to_drain_before_it_is_killed():
    grace = COMPOSE["services"]["web"]["stop_grace_period"]

    assert grace.endswith("m")
    assert int(grace[:-1]) * 60 > settings.DRAIN_TIMEOUT_S


def test_the_applications_role_is_not_the_superuser_of_the_image():
    role = (CHECKOUT / "docker/create-role.sh").read_text()

    assert "nosuperuser nobypassrls" in role
    assert COMPOSE["services"]["web"]["environment"]["DATABASE_URL"].startswith("postgres://agentos:")
