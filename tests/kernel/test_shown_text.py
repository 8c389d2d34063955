"""What a person is asked to decide by is seen, whole, as it is."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.shown_text import Fault, fault_of, is_domain, is_machine_text
from kernel.texts import UNREADABLE


def fault(text: str, *, chars_max: int = 100) -> Fault | None:
    return fault_of(text, chars_max=chars_max)


@pytest.mark.parametrize(
    "text",
    [
        "Head-count figures for the last four quarters.",
        "Größe ½ ™ 你好 \U0001f469 ☃ 日本語",
        "مرحبا بالعالم",
        "שלום",
        "हिन्दी",
        "5\u202f000\u00a0€",  # how the French write it
        "x",
        "a   b",
        "\U0001fae9",  # newer than some machine's Unicode
    ],
)
def test_what_people_write_is_shown_as_it_is(text: str) -> None:
    assert fault(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", Fault.EMPTY),
        ("\ud800", Fault.HALF_CHARACTER),
        ("pay \u202eevil", Fault.UNSEEN),
        ("a\u2066b\u2069", Fault.UNSEEN),
        ("a\u200eb", Fault.UNSEEN),
        ("cru\u200bnch", Fault.UNSEEN),
        ("cru\u200cnch", Fault.UNSEEN),
        ("cru\u200dnch", Fault.UNSEEN),
        ("cru\u00adnch", Fault.UNSEEN),
        ("cru\u034fnch", Fault.UNSEEN),
        ("\ufeffcrunch", Fault.UNSEEN),
        ("a\u3164b", Fault.UNSEEN),
        ("a\uffa0b", Fault.UNSEEN),
        ("a\u115fb", Fault.UNSEEN),
        ("a\u17b4b", Fault.UNSEEN),
        ("a\u2800b", Fault.UNSEEN),
        ("a\ufe0fb", Fault.UNSEEN),
        ("a\U000e0101b", Fault.UNSEEN),
        ("a\U000e0041b", Fault.UNSEEN),  # a tag: text that only machines read
        ("a\U000e0fffb", Fault.UNSEEN),
        ("bell\a", Fault.UNSEEN),
        ("\x1b[2J", Fault.UNSEEN),
        ("nul\0", Fault.UNSEEN),
        ("a\u0085b", Fault.UNSEEN),
        ("a\u2028b", Fault.UNSEEN),
        ("a\u2029b", Fault.UNSEEN),
        ("a\nb", Fault.UNSEEN),
        ("a\tb", Fault.UNSEEN),
        ("\ue000", Fault.UNSEEN),
        ("\ufdd0", Fault.UNSEEN),
        ("\U0010ffff", Fault.UNSEEN),
        ("a" + "\u0335" * 9, Fault.UNSEEN),
        ("A\u030a", Fault.NOT_NFC),
        ("\u212b", Fault.NOT_NFC),  # the ångström sign, which is the letter Å
        (" a", Fault.PADDED),
        ("a ", Fault.PADDED),
        ("\u00a0a", Fault.PADDED),
        ("a" + " " * 4 + "b", Fault.PADDED),
        ("a \u00a0 \u3000b", Fault.PADDED),
        (" ", Fault.PADDED),
        ("x" * 101, Fault.TOO_LONG),
    ],
    ids=ascii,
)
def test_a_text_with_a_fault_is_refused_by_its_name(text: str, why: Fault) -> None:
    assert fault(text) == why


def test_the_gravest_fault_is_named() -> None:
    assert fault(" A\u030a\u200b\ud800" + "x" * 200) == Fault.HALF_CHARACTER
    assert fault(" A\u030a\u200b" + "x" * 200) == Fault.UNSEEN
    assert fault(" A\u030a" + "x" * 200) == Fault.NOT_NFC
    assert fault(" " + "x" * 200) == Fault.PADDED


def test_length_counts_characters_and_its_limit_passes() -> None:
    assert fault_of("\U0001f469" * 5, chars_max=5) is None
    assert fault_of("\U0001f469" * 6, chars_max=5) == Fault.TOO_LONG


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("one\ntwo", None),
        ("one\n\ntwo", None),
        ("one\n\n\ntwo", Fault.PADDED),
        ("one\n \n\u00a0\ntwo", Fault.PADDED),
        ("one\r\ntwo", Fault.UNSEEN),
        ("one\x0btwo", Fault.UNSEEN),
        ("one\n", Fault.PADDED),
        ("one\u2028two", Fault.UNSEEN),
    ],
    ids=ascii,
)
def test_lines_end_in_one_way_and_push_nothing_out_of_sight(text: str, why: Fault | None) -> None:
    assert fault_of(text, chars_max=100, is_one_line=False) == why


def test_of_all_that_unicode_has_no_control_format_or_ignored_character_is_shown() -> None:
    """Each code point by itself, between two letters."""
    let_through = {
        code
        for code in range(0x110000)
        if fault_of(f"a{chr(code)}b", chars_max=3) != Fault.UNSEEN and not 0xD800 <= code <= 0xDFFF
    }

    kinds = {unicodedata.category(chr(code)) for code in let_through}
    assert kinds.isdisjoint({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
    assert not [hex(code) for code in let_through if UNREADABLE.search(chr(code))]
    for first, last in DEFAULT_IGNORABLE:
        assert let_through.isdisjoint(range(first, last + 1))
    refused = set(range(0x110000)) - let_through - set(range(0xD800, 0xE000))
    letters = {code for code in refused if unicodedata.category(chr(code))[0] in "LNPS"}
    # Fillers of Hangul and the empty braille cell: letters and symbols that draw nothing.
    assert letters == {0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0}


# Unicode's own list (DerivedCoreProperties.txt, Default_Ignorable_Code_Point).
DEFAULT_IGNORABLE = [
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5),
    (0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
]  # fmt: skip


@given(st.text(max_size=60))
def test_what_is_shown_is_what_was_written(text: str) -> None:
    if fault_of(text, chars_max=60, is_one_line=False) is None:
        assert unicodedata.normalize("NFC", text) == text == text.strip()


@pytest.mark.parametrize(
    "domain",
    ["example.com", "a.b.example.co.uk", "xn--mnchen-3ya.de", "xn--p1ai.xn--p1ai", "1and1.com",
     "x-y.example", f"{'a' * 63}.com"],
)  # fmt: skip
def test_a_domain_is_spelled_as_machines_do(domain: str) -> None:
    assert is_domain(domain)


@pytest.mark.parametrize(
    "text",
    ["", "example", "Example.com", "münchen.de", "example.com.", ".example.com", "a..b", "-a.com",
     "a-.com", "exa mple.com", "example.com\n", "xn--.com", "xn--a.com", "xn--MNCHEN-3YA.de",
     "ab--cd.com", "127.0.0.1", "1.2", f"{'a' * 64}.com", f"{'a.' * 127}com", "exa_mple.com",
     "еxample.com", "example.com/path", "user@example.com", "example.com:80", "xn--example-.com"],
    ids=ascii,
)  # fmt: skip
def test_anything_else_is_no_domain(text: str) -> None:
    assert not is_domain(text)


CURRENCY = re.compile(r"[A-Z]{3}")


@pytest.mark.parametrize("text", ["USD", "EUR"])
def test_a_machine_text_is_ascii_of_its_pattern(text: str) -> None:
    assert is_machine_text(text, chars_max=3, pattern=CURRENCY)


@pytest.mark.parametrize("text", ["", "usd", "USDT", "US", "USD\n", "ＵＳＤ", "UЅD", "U D", " USD"])
def test_what_only_looks_like_it_is_none(text: str) -> None:
    assert not is_machine_text(text, chars_max=3, pattern=CURRENCY)


def test_without_a_pattern_any_visible_ascii_is_one() -> None:
    assert is_machine_text("!~", chars_max=2)
    assert not is_machine_text("!~!", chars_max=2)
    assert not is_machine_text("a\x7f", chars_max=2)
