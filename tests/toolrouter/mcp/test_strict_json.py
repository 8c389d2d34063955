"""A body that two readers could read in two ways is not read at all."""

from __future__ import annotations

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolrouter.mcp.strict_json import DEPTH_MAX, NotStrict, read

whole_text = st.text(st.characters(exclude_categories=["Cs"]))
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | whole_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(whole_text, inner, max_size=4),
    max_leaves=20,
)


@given(plain)
def test_what_is_plain_is_read_as_it_was_written(value: object) -> None:
    assert read(json.dumps(value).encode()) == value
    assert read(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"amount": 1, "amount": 100}', "an object has a name twice"),
        (b'{"a": {"b": 1, "\\u0062": 2}}', "an object has a name twice"),
        (b'{"amount": NaN}', "it holds a number that JSON does not have"),
        (b'{"amount": -Infinity}', "it holds a number that JSON does not have"),
        (b'{"amount": 1e400}', "it holds a number that is too large"),
        (b'{"amount": -1e400}', "it holds a number that is too large"),
        (b'{"what": "\\ud800"}', "it holds half of a surrogate pair"),
        (b'{"\\udfff": 1}', "it holds half of a surrogate pair"),
        (b'["\xed\xa0\x80"]', "it is not UTF-8"),
        (b"\xff\xfe{\x00}\x00", "it is not UTF-8"),
        (b'\xef\xbb\xbf{"a": 1}', "it is not JSON"),
        (b"", "it is not JSON"),
        (b"{'a': 1}", "it is not JSON"),
        (b"[1,]", "it is not JSON"),
        (b'{"a": 1} {"a": 2}', "it is not JSON"),
        (b"1" * 5_000, "it is not JSON"),
        (b"[" * (DEPTH_MAX + 2) + b"]" * (DEPTH_MAX + 2), "it is too deep"),
        (b"[" * 200_000, "it is too deep"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused_with_its_reason(body: bytes, reason: str) -> None:
    with pytest.raises(NotStrict, match=f"^{reason}$"):
        read(body)


def test_as_deep_as_allowed_is_read() -> None:
    assert read(b"[" * DEPTH_MAX + b"]" * DEPTH_MAX) is not None


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert read(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
        b"[" + b"1," * 100_000 + b"1]",
        b'"' + b"\\u0041" * 40_000 + b'"',
        b'{"a":"' + b"\\" * 200_000,
        b"-" + b"9" * 4_000 + b"e" + b"9" * 4_000,
    ],
)
def test_a_hostile_body_costs_no_more_than_its_length(body: bytes) -> None:
    began = time.perf_counter()
    with suppress(NotStrict):
        read(body)
    assert time.perf_counter() - began < 1.0
