"""The desk in one process: the page, the real handlers, and moto behind them, on loopback.

``python tests/web/backend.py`` serves it until Ctrl-C, to work on the page without a pipeline.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import sys
import threading
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "review"))

from moto.server import ThreadedMotoServer  # noqa: E402
from studio import CONTEXT, Studio, load  # noqa: E402

from packshot.preview.stage import Previewer  # noqa: E402
from packshot.reasons import reason  # noqa: E402
from packshot.records import Check, Status  # noqa: E402
from packshot_local.stack.http_api import HttpApi  # noqa: E402
from packshot_local.stack.records import Invocation  # noqa: E402
from packshot_local.stack.translate import Route  # noqa: E402

WORST = [
    Check(name="edge_residue", value=3.1, limit=2.0, passed=False, says="Backdrop is left along 3.1 % of the edge."),
    Check(name="fringe", value=5.2, limit=4.0, passed=False, says="A grey fringe runs along the left side."),
    Check(name="holes", value=0, limit=0, passed=True, says="No holes in the product."),
    Check(name="edge_softness", value=1.42, limit=4.0, passed=True, says="The edge is as soft as the photo's."),
    Check(name="colour", value=0.31, limit=2.0, passed=True, says="Colours are kept."),
    Check(name="frame", value=0, limit=0, passed=True, says="The product is whole in the frame."),
]


class Backend:
    """The page's address and tokens, and the store behind it."""

    def __init__(self, port: int = 0) -> None:
        os.environ.update({"POWERTOOLS_TRACE_DISABLED": "true", "POWERTOOLS_LOG_LEVEL": "ERROR"})
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.moto.start()
        endpoint = "http://{}:{}".format(*self.moto.get_host_and_port())
        reset = urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")
        urllib.request.urlopen(reset).close()  # what an earlier cloud of this process left
        self.studio = Studio(endpoint=endpoint).build()
        store = self.studio.store
        self.functions = {"ReviewFunction": load("review"), "PreviewFunction": load("preview")}
        self.functions["ReviewFunction"].store = lambda: store
        previewer = Previewer(store)
        self.functions["PreviewFunction"].previewer = lambda: previewer
        # A function's process works one request at a time, as on Lambda.
        self.locks = {name: threading.Lock() for name in self.functions}
        self.broken = False
        routes = [
            Route("POST", "/v1/tasks/{task}/preview", "PreviewFunction", True),
            Route("POST", "/v1/tasks/{task}/render", "PreviewFunction", True),
            Route("*", "/v1/{proxy+}", "ReviewFunction", True),
        ]
        self.api = HttpApi(routes, self.invoke, s3_endpoint=endpoint, web=ROOT / "web", port=port)

    def invoke(self, function: str, event: Any) -> Invocation:
        if self.broken:
            raise RuntimeError("broken on purpose")
        with self.locks[function]:
            answer = self.functions[function].handler(event, CONTEXT)
        return Invocation(json.dumps(answer).encode(), None, "1", 0.0, 0.0)

    def page(self, who: str = "local") -> str:
        token = self.api.token if who == "local" else self.api.add_user(who)
        return f"{self.api.url}/#token={token}"

    def furnish(self, width: int = 2400) -> None:
        """A spring drop in review, a summer drop that is done, and something of every end."""
        store = self.studio.store
        self.studio.drop("spring", photos=6, tasks=5)
        self.studio.draw("spring", width=width, height=width * 5 // 6)
        for i, photo in enumerate(sorted(store.photos.of_drop("spring"), key=lambda p: p.sku)):
            catalog = {"sku": photo.sku, "title": TITLES[i], "category": "Home > Vases", "material": "Ceramic"}
            store.photos.update("spring", photo.photo_id, catalog=catalog, way="fast")
        lot = store.lots.get("spring", "spring-general-001")
        assert lot is not None
        soon = dt.datetime.now(dt.UTC) + dt.timedelta(hours=5)
        for n, name in enumerate(lot.task_ids):
            task = store.tasks.get(name)
            assert task is not None
            due = (soon + dt.timedelta(hours=n)).strftime("%Y-%m-%dT%H:%M:%SZ")
            store.tasks.update(name, task.version, due_at=due)
        flagged = store.tasks.get(lot.task_ids[-1])
        assert flagged is not None
        checks = [check.model_dump(mode="json") for check in WORST]
        store.tasks.update(
            flagged.task_id,
            flagged.version,
            checks=checks,
            error_score=0.62,
            due_at=(soon - dt.timedelta(hours=7)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        self.studio.drop("winter-sale", photos=9, tasks=0, segment="transparent")
        ends = [(Status.EXPORTED, "")] * 4 + [
            (Status.REJECTED, "TOO_SMALL"),
            (Status.REJECTED, "BAD_NAME"),
            (Status.HELD, "NO_PRODUCT"),
            (Status.FAILED, "PROCESSING_ERROR"),
            (Status.REJECTED, "TOO_SMALL"),
        ]
        for photo, (status, code) in zip(store.photos.of_drop("winter-sale"), ends, strict=True):
            why = reason(code, measured="1480 px", required="2000 px") if code else None
            store.photos.update("winter-sale", photo.photo_id, status=status, reason=why)

    def close(self) -> None:
        self.api.close()
        self.moto.stop()


TITLES = [
    "Hand-thrown vase, oxide red",
    "Hand-thrown vase, deep blue",
    "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>",
    "Vase with a very long title that goes on and on so that it must be cut somewhere before it pushes things away",
    "Vase, violet",
    "Vase, anthracite",
]

if __name__ == "__main__":
    backend = Backend(port=8899)
    backend.furnish()
    print(backend.page(), flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        backend.close()
