"""References: ordered by time, unguessable, readable aloud."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.references import ALPHABET, LENGTH_MAX, TAIL_CHARS, is_reference, new_reference

MILLISECONDS = st.integers(min_value=0, max_value=2**50 - 1)

REFERENCE = "ord_01m814z7q0yq1pvh3cm9qe80hz"


@given(MILLISECONDS, MILLISECONDS)
def test_later_references_sort_later(one_ms: int, two_ms: int) -> None:
    one, two = new_reference("ord", at_ms=one_ms), new_reference("ord", at_ms=two_ms)

    if one_ms != two_ms:
        assert (one < two) == (one_ms < two_ms)


@given(MILLISECONDS)
def test_a_reference_has_one_shape(at_ms: int) -> None:
    reference = new_reference("deal", at_ms=at_ms)
    prefix, _, rest = reference.partition("_")

    assert (prefix, len(rest)) == ("deal", 26)
    assert set(rest) <= set(ALPHABET)
    assert is_reference(reference)
    assert len(reference) <= LENGTH_MAX


def test_references_of_one_millisecond_differ_in_their_tail() -> None:
    made = {new_reference("ord", at_ms=1) for _ in range(10_000)}
    tails = {reference[-TAIL_CHARS:] for reference in made}

    assert len(made) == 10_000
    assert len({reference[:-TAIL_CHARS] for reference in made}) == 1
    for place in range(TAIL_CHARS):  # every place of the tail takes every character
        assert {tail[place] for tail in tails} == set(ALPHABET)


def test_references_made_now_follow_each_other() -> None:
    early = new_reference("ord", at_ms=1_700_000_000_000)

    assert early < new_reference("ord")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ord_",
        "ord_7",
        "ORD_01k9h0m8k0000000000000000",
        REFERENCE + "\n",
        REFERENCE + "0",
        REFERENCE[:-1],
        REFERENCE[:-1] + "u",
        " " + REFERENCE,
        "order" + REFERENCE[3:],
        "cs_test_a1b2c3",
    ],
)
def test_nothing_else_is_a_reference(text: str) -> None:
    assert not is_reference(text)
