"""A Celery worker whose clock stands where the drill wants it: `python -m bench.drill_worker <processes>`."""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime, timedelta


def main() -> None:
    import time_machine

    started, moment = float(os.environ["DRILL_STARTED"]), datetime.fromisoformat(os.environ["DRILL_MOMENT"])
    traveller = time_machine.travel(moment, tick=True).start()
    late_s = time_machine.escape_hatch.time.time() - started - (time.time() - moment.timestamp())
    traveller.shift(timedelta(seconds=late_s))  # to start takes a second, which would be missing in each measurement
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "agentos.settings")
    from agentos.celery import app

    app.conf.worker_proc_alive_timeout = 60  # starting takes longer on a machine that is busy with the drill itself
    options = ("--pool", "prefork", "--concurrency", sys.argv[1], "--loglevel", "ERROR", "--without-mingle")
    app.worker_main(["worker", *options, "--without-gossip", "--without-heartbeat"])


if __name__ == "__main__":
    main()
