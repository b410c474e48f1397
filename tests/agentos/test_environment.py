"""Every variable that the settings, or compose, read is explained in `.env.example`, and no other."""

from __future__ import annotations

import ast
import re

from tests.embedded import CHECKOUT


def names_in_settings() -> set[str]:
    tree = ast.parse((CHECKOUT / "agentos/settings.py").read_text())
    return {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and call.args
        and isinstance(call.args[0], ast.Constant)
        # env.str("NAME", …), env.int(…) and so on, and the one environ.Env().str("NAME", …)
        and isinstance(call.func, ast.Attribute)
        and ast.unparse(call.func.value) in {"env", "environ.Env()"}
    }


def names_in_example() -> list[str]:
    return re.findall(r"^# ([A-Z][A-Z0-9_]*)=", (CHECKOUT / ".env.example").read_text(), re.MULTILINE)


def names_in_compose() -> set[str]:
    return set(re.findall(r"\$\{([A-Z][A-Z0-9_]*):\?", (CHECKOUT / "docker/compose.yaml").read_text()))


def test_settings_and_example_name_the_same_variables():
    assert set(names_in_example()) == names_in_settings() | names_in_compose()


def test_the_example_names_each_variable_once():
    assert len(names_in_example()) == len(set(names_in_example()))


def test_the_example_changes_nothing_when_it_is_copied_unedited():
    lines = (CHECKOUT / ".env.example").read_text().splitlines()

    assert [line for line in lines if line and not line.startswith("#")] == []


def test_every_dependency_is_explained():
    chosen = {
        match.group()
        for file in CHECKOUT.glob("requirements*.in")
        for line in file.read_text().splitlines()
        if (match := re.match(r"[a-z][a-z0-9-]*", line))
    }
    explained = set(re.findall(r"^\| ([a-z0-9-]+) \|", (CHECKOUT / "docs/dependencies.md").read_text(), re.MULTILINE))

    assert explained - {"package"} == chosen
