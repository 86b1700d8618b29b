"""Settle: what has no end gets one, with its reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from packshot.records import LotStatus, Status
from packshot.settle import Settlement, end_lot

from .lots import Lot


class TestSettle:
    def test_what_has_no_end_gets_one_and_what_has_keeps_it(self, lot: Callable[..., Lot]) -> None:
        made = lot(size=4)
        first, second, *_ = made.photos
        made.store.photos.update("d", first.photo_id, status=Status.EXPORTED)
        made.store.photos.update("d", second.photo_id, status=Status.REJECTED)

        assert made.settle("LOT_FAILED", LotStatus.FAILED) == 2
        assert sorted(made.states().values()) == [Status.EXPORTED, Status.FAILED, Status.FAILED, Status.REJECTED]
        assert made.record.status == LotStatus.FAILED and len(made.cloud.letters()) == 2
        assert made.settle("LOT_FAILED", LotStatus.FAILED) == 0 and made.cloud.letters() == []

    @pytest.mark.parametrize("code", ["LOT_HELD", "CANARY_FAILED", "REVIEW_EXPIRED"])
    def test_a_held_lot_holds_its_waiting_photos_with_the_reason(self, lot: Callable[..., Lot], code: str) -> None:
        made = lot(size=4)
        made.inspect()
        assert made.settle(code, LotStatus.HELD) == 4
        assert {p.reason.code for p in made.store.photos.of_drop("d") if p.reason} == {code}
        assert made.record.reason is not None and made.record.reason.code == code

    def test_the_error_of_the_execution_is_told(self, lot: Callable[..., Lot]) -> None:
        made = lot(size=1)
        order = Settlement(
            drop="d", lot=made.id, code="LOT_FAILED", status=LotStatus.FAILED,
            error={"Error": "States.Timeout", "Cause": "too slow"},
        )  # fmt: skip
        end_lot(made.store, order)
        reason = made.cloud.photo(made.photos[0]).reason
        assert reason is not None and "States.Timeout: too slow" in reason.message
