"""bin/environment: what a newcomer is told when the machine does not suit."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.embedded import CHECKOUT

TOOLS = ("cat", "cksum", "dirname", "env", "ls", "mkdir", "sed", "sh", "uname")


@pytest.fixture
def newcomer(tmp_path: Path) -> Path:
    """A checkout without an environment, and a PATH of its own in `bin-of-machine` that has no Python yet."""
    shutil.copytree(CHECKOUT / "bin", tmp_path / "bin")
    for lock in CHECKOUT.glob("requirements*.txt"):
        shutil.copy(lock, tmp_path)
    machine = tmp_path / "bin-of-machine"
    machine.mkdir()
    for tool in TOOLS:
        (machine / tool).symlink_to(shutil.which(tool) or tool)
    return tmp_path


def install(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": str(checkout / "bin-of-machine")}
    return subprocess.run([checkout / "bin/environment", *arguments], env=env, capture_output=True, text=True)


def add_program(checkout: Path, name: str, script: str) -> None:
    program = checkout / "bin-of-machine" / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_a_python_that_is_too_old_is_named_with_the_remedy(newcomer: Path):
    add_program(newcomer, "python3", 'if [ "$1" = --version ]; then echo Python 3.9.2; else exit 1; fi')

    done = install(newcomer, "run")

    assert done.returncode != 0
    assert "needs Python 3.11 or newer, and found Python 3.9.2" in done.stderr
    assert "PYTHON=/path/to/python3.11" in done.stderr


def test_a_python_without_venv_is_told_which_package_to_install(newcomer: Path):
    add_program(newcomer, "python3.11", 'if [ "$1" = -c ]; then exit 0; else exit 1; fi')

    done = install(newcomer, "run")

    assert done.returncode != 0
    assert "apt-get install python3-venv" in done.stderr


def test_an_environment_that_is_up_to_date_is_left_alone(newcomer: Path):
    venv = newcomer / ".local/venv"
    (venv / "bin").mkdir(parents=True)
    add_program(newcomer, "python3.11", "exit 1")
    (venv / "bin/python").symlink_to(newcomer / "bin-of-machine/python3.11")
    lock = subprocess.run(
        ["sh", "-c", "cat requirements*.txt | cksum"], cwd=newcomer, capture_output=True, text=True, check=True
    )
    (venv / "installed-dev").write_text(lock.stdout)

    assert install(newcomer, "run").returncode == 0
    assert install(newcomer, "dev").returncode == 0


def test_without_a_word_it_says_which_words_it_knows(newcomer: Path):
    done = install(newcomer)

    assert done.returncode == 2
    assert "bin/environment run" in done.stderr
