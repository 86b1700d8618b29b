"""Rows come back from disk in the order that Python sorts their keys in, however many there are."""

from __future__ import annotations

import random
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packshot.spool import Spool
from packshot.store.abreast import AHEAD, each, in_order

KEYS = st.tuples(st.text(max_size=6), st.integers(-5, 5))


@given(st.lists(KEYS, max_size=30), st.booleans())
def test_rows_come_back_sorted_those_of_equal_keys_as_added(keys: list[tuple[str, int]], packed: bool) -> None:
    with Spool(2, packed=packed) as spool:
        for i, key in enumerate(keys):
            spool.add(key, f"{i} {key}")
        assert len(spool) == len(keys)
        wanted = [f"{i} {key}" for i, key in sorted(enumerate(keys), key=lambda pair: pair[1])]
        assert list(spool.bodies()) == wanted and list(spool.bodies()) == wanted


def test_lone_surrogates_and_zero_bytes_are_texts_like_others() -> None:
    names = ["a", "a\0", "a\0b", "\ud800", "\uffff", "\U00010000", ""]
    with Spool(1) as spool:
        for name in random.Random(1).sample(names, len(names)):
            spool.add((name,), name)
        assert list(spool.bodies()) == sorted(names)


def test_calls_abreast_answer_in_order_and_read_only_so_far_ahead() -> None:
    source = count()
    answers = in_order(source, lambda n: n * n)
    assert [next(answers) for _ in range(5)] == [0, 1, 4, 9, 16]
    assert next(source) <= AHEAD + 5
    answers.close()


def test_the_first_error_is_raised() -> None:
    assert each(range(10), lambda n: n % 2) == 5
    with pytest.raises(ZeroDivisionError):
        each(range(100), lambda n: 1 // (n - 50))
