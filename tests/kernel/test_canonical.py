"""One spelling of data: RFC 8785, restricted to what cannot be misread."""

from __future__ import annotations

import hashlib
import json
from enum import Enum, StrEnum
from typing import Any

import pytest
from django.db.models import TextChoices
from hypothesis import given
from hypothesis import strategies as st

from kernel.canonical import DEPTH_MAX, INTEGER_MAX, VERSION, NotCanonical, canonical, digest


def test_the_rules_have_a_name() -> None:
    assert VERSION == "jcs-int-1"


# Expectations of RFC 8785: sections 3.2.2.2 and 3.2.3, and Appendix B's integers.
VECTORS: list[tuple[Any, bytes]] = [
    ('\u20ac$\u000f\nA\'B"\\\\"/', b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
    (
        {
            "\u20ac": "Euro Sign",
            "\r": "Carriage Return",
            "\ufb33": "Hebrew Letter Dalet With Dagesh",
            "1": "One",
            "\U0001f600": "Emoji: Grinning Face",
            "\u0080": "Control",
            "\u00f6": "Latin Small Letter O With Diaeresis",
        },
        (
            '{"\\r":"Carriage Return","1":"One","\u0080":"Control",'
            '"\u00f6":"Latin Small Letter O With Diaeresis","\u20ac":"Euro Sign",'
            '"\U0001f600":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}'
        ).encode(),
    ),
    ("\b\t\n\f\r\x00\x1f\x7f", b'"\\b\\t\\n\\f\\r\\u0000\\u001f\x7f"'),
    (0, b"0"),
    (-0, b"0"),
    (9007199254740991, b"9007199254740991"),
    (-9007199254740991, b"-9007199254740991"),
    ({}, b"{}"),
    ([], b"[]"),
    ("", b'""'),
    ({"": [{}, [], (1, 2)]}, b'{"":[{},[],[1,2]]}'),
    # Letters stay as they came: the form says nothing of how a text should be composed.
    ("A\u030a", b'"A\xcc\x8a"'),
    ({"peach": 1, "p\u00e9ch\u00e9": 2, "p\u00eache": 3, "sin": 4},
     '{"peach":1,"p\u00e9ch\u00e9":2,"p\u00eache":3,"sin":4}'.encode()),
]  # fmt: skip


@pytest.mark.parametrize(("data", "form"), VECTORS)
def test_it_spells_as_the_rfc_does(data: Any, form: bytes) -> None:
    assert canonical(data) == form
    assert digest(data) == hashlib.sha256(form).hexdigest()


class Word(StrEnum):
    ONE = "one"


class Choice(TextChoices):
    ONE = "one", "the first"


class OldWord(str, Enum):  # noqa: UP042  # the kind that str() says otherwise
    ONE = "one"


@pytest.mark.parametrize("word", [Word.ONE, Choice.ONE, OldWord.ONE])
def test_a_word_of_a_list_is_spelled_as_the_word(word: str) -> None:
    assert canonical({word: word}) == b'{"one":"one"}'


@pytest.mark.parametrize(
    "data",
    [
        None,
        True,
        False,
        0.0,
        1.0,
        float("nan"),
        float("inf"),
        INTEGER_MAX + 1,
        -INTEGER_MAX - 1,
        10**30,
        b"bytes",
        {1},
        {1: "number as a name"},
        {None: 1},
        {True: 1},
        "\ud800",
        "\udfff after",
        {"\udc00": 1},
        range(1),
    ],
    ids=repr,
)
@pytest.mark.parametrize("within", [lambda x: x, lambda x: [x], lambda x: {"a": [1, {"b": x}]}])
def test_what_could_be_misread_has_no_form(data: Any, within: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical(within(data))


def test_a_refusal_says_no_value() -> None:
    with pytest.raises(NotCanonical) as refused:
        canonical({"ada@example.com\ud800": 1})

    assert "ada" not in str(refused.value)


def nested(depth: int) -> Any:
    data: Any = 1
    for _ in range(depth):
        data = [data]
    return data


def test_it_goes_to_its_depth_and_no_deeper() -> None:
    assert canonical(nested(DEPTH_MAX)) == b"[" * DEPTH_MAX + b"1" + b"]" * DEPTH_MAX
    with pytest.raises(NotCanonical):
        canonical(nested(DEPTH_MAX + 1))
    with pytest.raises(NotCanonical):
        canonical(nested(5000))


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
data_of_any_form = st.recursive(
    st.integers(-INTEGER_MAX, INTEGER_MAX) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(data_of_any_form)
def test_it_reads_back_as_the_same_data(data: Any) -> None:
    assert json.loads(canonical(data)) == data


@given(data_of_any_form, data_of_any_form)
def test_two_data_have_one_form_only_where_they_are_the_same(one: Any, other: Any) -> None:
    assert (canonical(one) == canonical(other)) == (one == other)


def shuffled(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: shuffled(data[key]) for key in reversed(data)}
    return [shuffled(each) for each in data] if isinstance(data, list) else data


@given(data_of_any_form)
def test_the_order_in_which_names_came_is_no_part_of_it(data: Any) -> None:
    assert canonical(shuffled(data)) == canonical(data)
