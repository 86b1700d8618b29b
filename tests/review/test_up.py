"""What ``packshot up`` says of drops that wait for people."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from studio import Studio

from packshot.records import DropStatus, LotStatus
from packshot_local.desk import Collector


def test_a_lot_that_waits_for_people_is_said_once_an_attempt(studio: Studio, tmp_path: Path) -> None:
    studio.drop("spring", photos=6, tasks=4)
    store = studio.store
    store.drops.move("spring", DropStatus.OPEN, status=DropStatus.CLOSED)
    said: list[str] = []
    collector = Collector(cast(Any, None), store, None, tmp_path, said.append)
    collector.look()
    collector.look()
    assert said == ["spring: 4 of 6 general photos wait on the desk"]
    store.lots.update("spring", "spring-general-001", attempt=1)
    collector.look()
    assert said[1:] == ["spring: 4 of 6 general photos wait on the desk once more"]
    store.lots.update("spring", "spring-general-001", attempt=2, status=LotStatus.EXPORTED)
    collector.look()
    assert len(said) == 2
