"""The house rules. What this file does not check is not a rule."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPS = ("agents", "calls", "telephony", "campaigns")
LAYERS = ("ground", *APPS, "wiring")

GROUND = {
    *("addresses", "cells", "draining", "errors", "exporting", "forms", "jobs", "lifespan", "outgoing", "tenants"),
    *("vault", "webhooks"),
}

# Where a request, a message or a job comes into an app. Nothing but wiring, and another of these, imports them.
EDGE_NAMES = {"views", "urls", "public_urls", "sockets", "api", "webhooks", "consumers", "tasks", "receivers", "admin"}

DJANGO_FREE = (
    "agents/integrations/*.py",
    "agents/providers/**/*.py",
    "calls/conversation/**/*.py",
    "telephony/twiml.py",
    "telephony/media_stream.py",
    "telephony/conversation_relay.py",
    "telephony/mulaw.py",
    "telephony/wire_json.py",
    "campaigns/places.py",
    "campaigns/rules.py",
    "campaigns/windows.py",
)
FRAMEWORKS = {"django", "channels", "celery", "allauth", "daphne", "phonenumber_field", "structlog"}

# Where a vendor's SDK may be imported.
VENDORS = {
    "deepgram": ("agents/providers/*/deepgram*.py",),
    "openai": ("agents/providers/*/openai*.py",),
    "mcp": ("agents/integrations/mcp.py",),
    "anthropic": ("agents/providers/*/anthropic*.py",),
    "elevenlabs": ("agents/providers/*/elevenlabs*.py",),
    "pocketsphinx": ("agents/providers/stt/offline*.py", "agents/providers/offline_voice/*.py"),
    "espeakng_loader": ("agents/providers/tts/offline*.py", "agents/providers/offline_voice/*.py"),
    # `doctor` asks the account itself, and tells a wrong key from a lost network by the SDK's own errors.
    "twilio": (
        *("telephony/carrier.py", "telephony/twiml.py", "telephony/signature.py", "telephony/voice_tokens.py"),
        "agentos/diagnosis.py",
    ),
}

# Ways around the manager of a tenant's rows. Ground is where that manager is made.
AROUND_THE_MANAGER = re.compile(
    r"\b_(base|default)_manager\b|\bRawSQL\(|\.raw\(|\.extra\(|\.cursor\(|\btenants\.prepared import\b"
)
MAY_GO_AROUND = {
    "agentos/diagnosis.py": "asks the database about itself",
    "agentos/provisioning.py": "takes an advisory lock",
    "agents/knowledge/vectors.py": "speaks pgvector, inside the tenant and under its policy",
    "agents/knowledge/words.py": "ranks by rarity in one statement, inside the tenant and under its policy",
    "calls/after/budget.py": "fifty times a second, inside the tenant and under its policy",
    "campaigns/calling/locks.py": "takes advisory locks",
    "campaigns/calling/attempts.py": "fifty times a second, inside the tenant and under its policy",
    "campaigns/calling/claiming.py": "fifty times a second, inside the tenant and under its policy",
    "campaigns/calling/lines.py": "fifty times a second, on rows that belong to no tenant",
    "campaigns/facts.py": "fifty times a second, inside the tenant and under its policy",
    "campaigns/receipts.py": "fifty times a second, inside the tenant and under its policy",
    "calls/shipping.py": "writes many rows in one statement, inside the tenant and under its policy",
}

LONGEST_FILE, LONGEST_FUNCTION = 400, 40
LONG_FILES: dict[str, str] = {}
LONG_FUNCTIONS: dict[str, str] = {}

SHAPELESS = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "core", "base"}


@dataclass(frozen=True)
class Module:
    """A module of the product."""

    path: Path

    @property
    def file(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def name(self) -> str:
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def imports(self) -> frozenset[str]:
        """Every module that it imports, also inside functions, by full name."""
        return frozenset(name for node in ast.walk(self.tree) for name in self._imported(node))

    def _imported(self, node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = self.name.split(".") if self.path.name == "__init__.py" else self.name.split(".")[:-1]
            above = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            yield origin
            yield from (full for alias in node.names if (full := f"{origin}.{alias.name}") in NAMES)

    def matches(self, *patterns: str) -> bool:
        return any(self.path in _found(pattern) for pattern in patterns)


@cache
def _found(pattern: str) -> frozenset[Path]:
    return frozenset(ROOT.glob(pattern))


MODULES = [
    Module(path)
    for top in ("agentos", *APPS)
    for path in sorted((ROOT / top).rglob("*.py"))
    if "migrations" not in path.parts
]
NAMES = {module.name for module in MODULES}
EDGES = {f"{app}.{name}" for app in ("agentos.tenants", "agentos.webhooks", *APPS) for name in EDGE_NAMES} & NAMES
FREE = [module for module in MODULES if module.matches(*DJANGO_FREE)]


def layer(name: str) -> str:
    top, _, rest = name.partition(".")
    if top in APPS:
        return top
    return "ground" if rest.split(".")[0] in GROUND else "wiring"


def ours(module: Module) -> list[str]:
    return [name for name in module.imports if name.split(".")[0] in ("agentos", *APPS)]


def wrong(findings: Iterator[tuple[Module, Collection[object]]]) -> dict[str, list[str]]:
    """What is found, by file; empty when the rule is kept."""
    return {module.file: sorted(map(str, found)) for module, found in findings if found}


def test_a_module_imports_from_its_own_layer_or_below() -> None:
    def above(module: Module) -> list[str]:
        layers = LAYERS[LAYERS.index(layer(module.name)) + 1 :]
        return [name for name in ours(module) if layer(name) in layers and name != "agentos"]

    assert wrong((module, above(module)) for module in MODULES) == {}


def test_edges_are_imported_by_edges_and_wiring_only() -> None:
    inner = [module for module in MODULES if layer(module.name) != "wiring" and module.name not in EDGES]

    assert wrong((module, module.imports & EDGES) for module in inner) == {}


def test_tasks_are_queued_by_name_and_never_imported() -> None:
    assert wrong((module, [name for name in ours(module) if name.endswith(".tasks")]) for module in MODULES) == {}


def test_models_know_no_services() -> None:
    models = [module for module in MODULES if module.name.split(".")[-1] == "models"]

    assert models
    assert wrong((each, [name for name in ours(each) if name.split(".")[-1] == "services"]) for each in models) == {}


def test_the_heart_knows_no_framework() -> None:
    packages = {
        "agents",
        "agents.integrations",
        "agents.providers",
        "calls",
        "calls.conversation",
        "campaigns",
        "telephony",
    }
    free = {each.name for each in FREE} | packages

    assert FREE
    assert wrong((each, [name for name in each.imports if name.split(".")[0] in FRAMEWORKS]) for each in FREE) == {}
    assert wrong((each, [name for name in ours(each) if name not in free]) for each in FREE) == {}


def test_a_vendor_is_known_to_its_adapter_only() -> None:
    def foreign(module: Module) -> set[str]:
        others = {vendor for vendor, files in VENDORS.items() if not module.matches(*files)}
        return {name.split(".")[0] for name in module.imports} & others

    assert wrong((module, foreign(module)) for module in MODULES) == {}


def test_vendors_do_not_know_each_other() -> None:
    """Each knows the ports; what one adapter shares with another stands in a file that names neither."""

    def others(module: Module) -> set[str]:
        own = module.path.stem.split("_")[0]
        files = {name.split(".")[-1].split("_")[0] for name in ours(module)}
        return files & (set(VENDORS) - {own}) if own in VENDORS else set()

    assert wrong((module, others(module)) for module in FREE) == {}


def test_nobody_goes_around_the_manager_of_a_tenants_rows() -> None:
    bound = [
        module
        for module in MODULES
        if layer(module.name) != "ground" and module.file not in MAY_GO_AROUND and module.path.stem != "admin"
    ]

    assert wrong((module, [each[0] for each in AROUND_THE_MANAGER.finditer(module.text)]) for module in bound) == {}


def test_a_file_is_one_idea() -> None:
    lines = {module.file: len(module.text.splitlines()) for module in MODULES}

    assert {file: many for file, many in lines.items() if (many > LONGEST_FILE) is not (file in LONG_FILES)} == {}
    assert [module.file for module in MODULES if module.path.stem in SHAPELESS] == []


def test_a_function_can_be_seen_at_once() -> None:
    long = [
        f"{module.file}:{node.name}"
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
    ]

    assert [name for name in long if name not in LONG_FUNCTIONS] == []


def test_the_lists_of_exceptions_name_nothing_that_is_gone() -> None:
    files = {module.file for module in MODULES}

    assert {name.partition(":")[0] for name in [*LONG_FILES, *LONG_FUNCTIONS, *MAY_GO_AROUND]} <= files


# Files of every kind


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    machine = re.compile(r"(?<![\w.-])/(work|root|home|Users)/\w")
    found = []
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in machine.finditer(text)]

    assert found == []


def test_no_file_holds_the_marks_of_an_unfinished_merge() -> None:
    marks = subprocess.run(
        ["git", "grep", "--untracked", "-lE", "^(<{7}|>{7}) "], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert marks.returncode in (0, 1)
    assert marks.stdout == ""


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in tracked("tests/**/*.py", "tests/*.py")}

    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_migrations_have_names() -> None:
    names = [path.stem for path in tracked("*/migrations/0*.py", "agentos/tenants/migrations/0*.py")]

    assert names
    assert [name for name in names if re.search(r"_auto_\d|_alter_\w+_and_more", name)] == []


def test_templates_carry_no_styles_no_scripts_and_no_handlers() -> None:
    inline = re.compile(
        r"<style|\sstyle=|<script(?![^>]*\bsrc=)(?![^>]*type=\"importmap\")|\son(click|change|submit|load|input)="
    )
    found = [
        f"{path.name}: {match[0]}" for path in tracked("templates/**") for match in inline.finditer(path.read_text())
    ]

    assert found == []


def test_a_comment_in_a_template_ends_on_its_line() -> None:
    """Django prints what stands between {# and #} when a line ends in between."""
    lines = [(path, line) for path in tracked("templates/**") for line in path.read_text().splitlines()]

    assert [f"{path.name}: {line}" for path, line in lines if line.count("{#") != line.count("#}")] == []


def test_every_stylesheet_stands_in_a_layer() -> None:
    """Either `app.css` puts it into one, or, on the few pages that link it, it does so itself."""
    imported = re.findall(r'@import url\("([^"]+)"\) layer\(\w+\);', (ROOT / "static/css/app.css").read_text())
    others = [path for path in tracked("static/css/*.css") if path.name not in {*imported, "app.css"}]
    bare = re.compile(r"^(?!@layer \w+ \{|[\s}]|/\*|\*/|$)", re.MULTILINE)

    assert imported
    assert [
        path.name for path in others if bare.search(re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL))
    ] == []
