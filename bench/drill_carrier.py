"""A carrier that takes calls and loses answers: `python -m bench.drill_carrier --port N --seed S`.

It speaks the part of Twilio's REST API that places and lists calls. One request in a hundred is carried out and its
answer lost, one is carried out and answered with 500, one is refused with 429. What it really did stands at GET /drill.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from datetime import datetime, timedelta
from email.utils import format_datetime

from aiohttp import web

SHARE = 0.01
ACCOUNT = "/2010-04-01/Accounts/{account}"


def moment() -> datetime:
    """Now, by the clock of the drill."""
    since = time.time() - float(os.environ["DRILL_STARTED"])
    return datetime.fromisoformat(os.environ["DRILL_MOMENT"]) + timedelta(seconds=since)


class DrillCarrier:
    def __init__(self, seed: int, share: float) -> None:
        self._chance, self._share = random.Random(seed), share
        self.calls: list[dict[str, str]] = []
        self.placed: list[tuple[str, float]] = []
        self._by_number: dict[str, list[dict[str, str]]] = {}
        self.requests = self.lost = self.failed = self.throttled = 0

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(f"{ACCOUNT}/Calls.json", self.create),
            web.get(f"{ACCOUNT}/Calls.json", self.list),
            web.get("/drill", self.tell),
        ]

    async def create(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        self.requests += 1
        luck = self._chance.random()
        if luck < self._share:
            self.throttled += 1
            return web.json_response({"code": 20429, "message": "Too Many Requests", "status": 429}, status=429)
        call = self._place(str(form["To"]), str(form["From"]))
        if luck < 2 * self._share:
            self.lost += 1
            if request.transport is not None:
                request.transport.abort()
        elif luck < 3 * self._share:
            self.failed += 1
            return web.json_response({"code": 20500, "message": "Internal Server Error", "status": 500}, status=500)
        return web.json_response(call, status=201)

    async def list(self, request: web.Request) -> web.Response:
        page = {
            "calls": self._by_number.get(request.query.get("To", ""), []),
            "page": 0,
            "page_size": 50,
            "next_page_uri": None,
            "uri": request.path,
        }
        return web.json_response(page)

    async def tell(self, request: web.Request) -> web.Response:
        counts = {"requests": self.requests, "lost": self.lost, "failed": self.failed, "throttled": self.throttled}
        return web.json_response(counts | {"placed": self.placed})

    def _place(self, to: str, from_: str) -> dict[str, str]:
        call = {
            "sid": f"CA{self._chance.getrandbits(128):032x}",
            "status": "queued",
            "to": to,
            "from": from_,
            "date_created": format_datetime(moment()),
        }
        self.placed.append((to, time.time()))
        self._by_number.setdefault(to, []).append(call)
        return call


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=SHARE, help="of the requests that go wrong, in each way")
    chosen = parser.parse_args()
    app = web.Application()
    app.add_routes(DrillCarrier(chosen.seed, chosen.share).routes())
    web.run_app(app, host="127.0.0.1", port=chosen.port, print=None, access_log=None)


if __name__ == "__main__":
    main()
