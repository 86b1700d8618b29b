"""Customers' complaints from the desk: put where the function learn takes them up."""

from __future__ import annotations

import csv
import hashlib
import io

from packshot.learning.complaints import Complaint
from packshot.store import Store

PREFIX = "complaints/"


def report(store: Store, complaints: list[Complaint]) -> str:
    """Write complaints as one CSV below ``complaints/``; its key. The same ones again are the same file."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(Complaint.model_fields))
    writer.writeheader()
    writer.writerows(complaint.model_dump() for complaint in complaints)
    body = out.getvalue().encode()
    key = f"{PREFIX}desk-{hashlib.sha256(body).hexdigest()[:16]}.csv"
    store.incoming.put(key, body, "text/csv")
    return key
