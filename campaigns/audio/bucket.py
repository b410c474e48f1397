"""Clips in a bucket of any S3-compatible store: `CLIPS_BACKEND=campaigns.audio.bucket.Bucket`.

Somebody waits on the telephone for every answer, so the limits are short, and whatever goes wrong is an OSError, as
with a disk. The bucket stays private: the carrier fetches clips from us, at the same signed addresses as from a disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile, File
from storages.backends.s3 import S3Storage

CONNECT_S, READ_S, TRIES = 1.0, 3.0, 2


@contextmanager
def _as_a_disk() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise OSError(f"the bucket: {type(error).__name__}") from error


class Bucket(S3Storage):  # type: ignore[misc]
    """A storage of Django whose files are small, and read as a whole."""

    def __init__(self, **options: Any) -> None:
        self.client_config: Config
        super().__init__(**{"file_overwrite": True, "default_acl": None, **options})
        limits = Config(connect_timeout=CONNECT_S, read_timeout=READ_S, retries={"total_max_attempts": TRIES})
        self.client_config = self.client_config.merge(limits)

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        with _as_a_disk(), super()._open(name, mode) as file:
            return ContentFile(file.read(), name=name)

    def _save(self, name: str, content: File[bytes]) -> str:
        with _as_a_disk():
            return str(super()._save(name, content))

    def exists(self, name: str) -> bool:
        with _as_a_disk():
            return bool(super().exists(name))

    def delete(self, name: str) -> None:
        with _as_a_disk():
            super().delete(name)
