"""Letters that look alike: a text as the eye reads it, character by character."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

# Where Unicode itself says what a character stands for: accents, full width, mathematical and
# circled letters.
_DECOMPOSED: Final = (
    (0xA0, 0x250),
    (0x1E00, 0x1F00),
    (0x2070, 0x2190),
    (0x2460, 0x2500),
    (0xFE50, 0xFFEF),
    (0x1D400, 0x1D800),
    (0x1F100, 0x1F190),
)
# Where only the eye says it: other alphabets, small capitals, brackets.
_DRAWN_ALIKE: Final = {
    "a": "аαɑᴀАΑᎪꓮ",
    "b": "вьβʙВΒᏴꓐ",
    "c": "сϲᴄСϹᏟꓚ",
    "d": "ԁᴅᎠꓓ",
    "e": "еєεᴇЕΕᎬꓰ",
    "f": "ꜰϝꓝ",
    "g": "ɡցɢԌᏀꓖ",
    "h": "һհʜНΗᎻꓧ",
    "i": "іιıɪӀІΙ",
    "j": "јᴊЈꓙ",
    "k": "кκᴋКΚᏦꓗ",
    "l": "ʟӏᏞꓡ",
    "m": "мᴍМΜᎷꓟ",
    "n": "ոηɴΝꓠ",
    "o": "оοօσᴏОΟՕꓳ",
    "p": "рρᴘРΡᏢꓑ",
    "r": "гʀᎡꓣ",
    "s": "ѕꜱЅՏᏚꓢ",
    "t": "тτᴛТΤᎢꓔ",
    "u": "υսᴜՍꓴ",
    "v": "νѵᴠѴᏙꓦ",
    "w": "ѡԝᴡԜᎳꓪ",
    "x": "хχХΧꓫ",
    "y": "уγʏУΥᎩꓬ",
    "z": "ᴢΖᏃꓜ",
    "<": "〈⟨˂",
    ">": "〉⟩˃",
    "[": "【〔⟦",
    "]": "】〕⟧",
    ":": "ː꞉׃",
}


def skeleton(text: str) -> str:
    """Return ``text`` in the small ASCII letters and signs that it looks like, of the same length.

    What looks like none of them stays. ``text`` is NFC: an accent that stands apart stays too.
    """
    return text.lower() if text.isascii() else text.translate(_table())


@cache
def _table() -> dict[int, str]:
    alike = {ord(char): sign for sign, drawn in _DRAWN_ALIKE.items() for char in drawn}
    for start, end in _DECOMPOSED:
        for code in range(start, end):
            base = unicodedata.normalize("NFKD", chr(code))
            marks = (unicodedata.category(char) == "Mn" for char in base[1:])
            if "!" <= base[0] <= "~" and all(marks):
                alike.setdefault(code, base[0].lower())
    return alike | {code: chr(code).lower() for code in range(ord("A"), ord("Z") + 1)}
