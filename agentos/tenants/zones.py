"""The names of the world's time zones."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones


@cache
def timezones() -> frozenset[str]:
    """All names, asked for once: to list them opens each of the six hundred files."""
    return frozenset(available_timezones())


def zones_by_region(current: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """To choose from: places under their region, the current one among them. Names without a region are old ones."""
    regions: dict[str, list[tuple[str, str]]] = {}
    for zone in sorted({zone for zone in timezones() if "/" in zone} | {current}):
        region, _, place = zone.partition("/")
        if zone == current or region not in ("Etc", "SystemV", "posix", "right"):
            regions.setdefault(region, []).append((zone, place.replace("_", " ") or zone))
    return list(regions.items())
