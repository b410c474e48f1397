"""Files for spreadsheets, in which no cell can become a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence

from django.http import HttpResponse

from agentos.cells import harmless_row


def csv_file(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """An attachment that spreadsheets read as UTF-8."""
    plain = re.sub(r"[^\w-]+", "-", name).strip("-") or "export"
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{plain}.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(harmless_row(head))
    writer.writerows(map(harmless_row, rows))
    return response
