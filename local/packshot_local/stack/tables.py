"""The one lock of all tables: moto's server has threads, its DynamoDB has none of its own."""

from __future__ import annotations

import threading

ONE_AT_A_TIME = threading.RLock()
