"""PostgreSQL and Redis from wheels, on private sockets, when no URL is configured."""

from __future__ import annotations

import hashlib
import secrets
import tempfile
from pathlib import Path

LONGEST_SOCKET_DIR = 80  # a socket's whole path must stay below 104 bytes on macOS, 108 on Linux


def run_dir(local: Path) -> Path:
    """Where the sockets are: inside `local`, or in the temporary directory where that path is too long."""
    inside = local / "run"
    if len(str(inside)) <= LONGEST_SOCKET_DIR:
        return inside
    return Path(tempfile.gettempdir()) / f"agentos-{hashlib.sha256(str(local).encode()).hexdigest()[:12]}"


def database_url(local: Path) -> str:
    return f"postgres://agentos@/agentos?host={run_dir(local)}"


def redis_url(local: Path) -> str:
    return f"unix://{run_dir(local)}/redis.sock"


def local_secret(local: Path, name: str) -> str:
    """A random secret of this checkout, made at first use and kept in a private file."""
    file = local / "secrets" / name
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(48))
    return file.read_text()
