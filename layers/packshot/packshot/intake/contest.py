"""Who stays among photos with the same bytes or the same name, and which photos a drop has: numbers, not records.

A drop of a million photos takes some 60 bytes of memory for each.
"""

from __future__ import annotations

from array import array

import numpy as np
import numpy.typing as npt

from packshot import keys
from packshot.records import PhotoRecord

DUPLICATE = "DUPLICATE"
NAME_COLLISION = "NAME_COLLISION"
U64 = npt.NDArray[np.uint64]


class Latecomer(Exception):
    """A photo that was not there when the contest was held."""


class Contest:
    """Who is first among photos with the same bytes, and among those with the same SKU, view and number.

    Holds 25 bytes a photo, so that a drop of a million photos fits. Photos with complete metadata come before
    those without, then the lowest key wins: the order in which they arrived plays no part.
    """

    def __init__(self, ranks: Ranks) -> None:
        self._ranks = ranks
        self._ids, self._bytes, self._names = array("Q"), array("Q"), array("Q")
        self._complete = array("B")

    def enter(self, record: PhotoRecord, complete: bool) -> None:
        """Let a photo take part. 64 bits of each hash stand for it; losers are verified later."""
        # as the catalogue and marketplaces read names: whatever their case
        name = keys.photo_id(f"{record.sku.casefold()}\0{record.view}\0{record.n}")
        self._ids.append(int(record.photo_id, 16))
        self._bytes.append(int(record.sha256[:16] or record.photo_id, 16))
        self._names.append(int(name, 16))
        self._complete.append(complete)

    def losers(self) -> Losers:
        """Every photo that is not the first of its bytes, or else of its name."""
        ids = np.array(self._ids, np.uint64)
        bytes_, names = np.array(self._bytes, np.uint64), np.array(self._names, np.uint64)
        complete = np.array(self._complete, np.uint8) == 1
        place = self._ranks.of(ids) + np.where(complete, 0, 1 << 62)
        same_bytes, their_firsts = _beaten(bytes_, place)
        complete[same_bytes] = False
        left = np.flatnonzero(complete)
        same_name, name_firsts = (left[rows] for rows in _beaten(names[left], place[left]))
        losers = np.concatenate([ids[same_bytes], ids[same_name]])
        winners = np.concatenate([ids[their_firsts], ids[name_firsts]])
        order = np.argsort(losers)
        return Losers(np.sort(ids), losers[order], winners[order], order < len(same_bytes))


class Losers:
    """Who took part in a contest, and who lost it, to whom, by what."""

    def __init__(self, entered: U64, losers: U64, winners: U64, by_bytes: npt.NDArray[np.bool_]) -> None:
        self._entered, self._losers, self._winners, self._by_bytes = entered, losers, winners, by_bytes

    def __len__(self) -> int:
        return len(self._losers)

    def of(self, photo: str) -> tuple[str, str]:
        """DUPLICATE or NAME_COLLISION and the photo_id of the winner; two empty texts for a photo that stays.

        Raises Latecomer.
        """
        if _place(self._entered, photo) is None:
            raise Latecomer(photo)
        at = _place(self._losers, photo)
        if at is None:
            return "", ""
        return DUPLICATE if self._by_bytes[at] else NAME_COLLISION, _hex(self._winners[at])


def _place(ids: U64, photo: str) -> int | None:
    """Where a photo stands among sorted ids, or None."""
    wanted = np.uint64(int(photo, 16))
    at = int(np.searchsorted(ids, wanted))
    return at if at < len(ids) and ids[at] == wanted else None


def _hex(photo: np.uint64) -> str:
    return f"{int(photo):016x}"


def _beaten(group: U64, place: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Indices of all but the first of each group, and of the firsts that beat them."""
    order = np.lexsort((place, group))
    if not len(order):
        return order, order
    starts = np.ones(len(order), bool)
    starts[1:] = group[order][1:] != group[order][:-1]
    first = order[np.maximum.accumulate(np.where(starts, np.arange(len(order)), 0))]
    return order[~starts], first[~starts]


class Ranks:
    """The photos of a drop in the order of their keys, as S3 lists them: 17 bytes a photo."""

    def __init__(self) -> None:
        self._ids, self._sizes = array("Q"), array("Q")
        self._found: U64 = np.empty(0, np.uint64)
        self._order: npt.NDArray[np.intp] = np.empty(0, np.intp)
        self._met: npt.NDArray[np.bool_] = np.empty(0, bool)

    def add(self, photo: str, size: int) -> None:
        """The next photo of the listing, with its bytes."""
        self._ids.append(int(photo, 16))
        self._sizes.append(size)

    def __len__(self) -> int:
        return len(self._ids)

    def _sort(self) -> None:
        if len(self._found) != len(self._ids):
            ids = np.array(self._ids, np.uint64)
            self._order = np.argsort(ids, kind="stable")
            self._found, self._met = ids[self._order], np.zeros(len(ids), bool)

    def meet(self, photo: str, size: int) -> None:
        """Note that a record speaks of this photo (other bytes: it speaks of an older version)."""
        self._sort()
        at = _place(self._found, photo)
        if at is not None and self._sizes[self._order[at]] == size:
            self._met[at] = True

    def unmet(self) -> set[str]:
        """The listed photos that no record speaks of."""
        self._sort()
        return {_hex(photo) for photo in self._found[~self._met]}

    def of(self, ids: U64) -> npt.NDArray[np.int64]:
        """Each id's place; those that are listed no longer (deleted) come after all others."""
        self._sort()
        if not len(self._found):
            return np.zeros(len(ids), np.int64)
        at = np.minimum(np.searchsorted(self._found, ids), len(self._found) - 1)
        return np.where(self._found[at] == ids, self._order[at], len(self._found)).astype(np.int64)
