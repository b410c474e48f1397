"""A recording as a browser asks for it: a part at a time, and never all of it in memory."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils._os import safe_join

from calls.models import Recording
from calls.recorder import wav_bytes, wav_size

PART = 64 * 1024

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


def path_of(recording: Recording) -> Path:
    """The file, which may be gone. Raises LookupError for one outside of its folder."""
    try:
        return Path(safe_join(settings.RECORDINGS_DIR, recording.file))
    except SuspiciousFileOperation as error:
        raise LookupError("the recording lies elsewhere") from error


def is_ready_made(path: Path) -> bool:
    """Whether a vendor made it, as MP3 with both sides mixed; ours keep them apart."""
    return path.suffix == ".mp3"


def sound_response(path: Path, asked: str) -> HttpResponseBase:
    """The recording, or the range in the header `asked`: ours as WAV. Raises OSError when the file is gone."""
    size = path.stat().st_size if is_ready_made(path) else wav_size(path)
    wanted = wanted_range(asked, size)
    start, end = wanted or (0, size)
    if start >= end:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    kind = "audio/mpeg" if is_ready_made(path) else "audio/wav"
    response = StreamingHttpResponse(_parts(path, start, end - start), content_type=kind)
    response["Accept-Ranges"], response["Content-Length"] = "bytes", str(end - start)
    if wanted:
        response.status_code = 206
        response["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return response


def wanted_range(asked: str, size: int) -> tuple[int, int] | None:
    """From where to where. None for a range that makes no sense, or of a kind that we do not serve: then all of it."""
    match = _RANGE.fullmatch(asked)
    first, last = match.groups() if match else ("", "")
    if first and last and int(first) > int(last):
        return None
    if first:
        return int(first), min(size, int(last) + 1) if last else size
    return (max(0, size - int(last)), size) if last else None


async def _parts(path: Path, start: int, length: int) -> AsyncIterator[bytes]:
    """Reading and converting happen in a thread: the loop carries calls."""
    parts = _plain_bytes(path, start, length) if is_ready_made(path) else wav_bytes(path, start, length)
    while part := await asyncio.to_thread(next, parts, b""):
        yield part


def _plain_bytes(path: Path, start: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while length > 0 and (part := file.read(min(length, PART))):
            length -= len(part)
            yield part
