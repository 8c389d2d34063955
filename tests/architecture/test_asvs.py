"""``docs/asvs.md`` leaves nothing out and names what exists."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Levels of ASVS 5.0.0's requirements, in their order, by section.
LEVELS = """
1.1: 2 2
1.2: 1 1 1 1 1 2 2 2 2 3
1.3: 1 1 2 2 2 2 2 2 2 2 2 3
1.4: 2 2 2
1.5: 1 2 3
2.1: 1 2 2
2.2: 1 1 2
2.3: 1 2 2 2 3
2.4: 2 3
3.1: 3
3.2: 1 1 3
3.3: 1 2 2 2 3
3.4: 1 1 2 2 2 2 3 3
3.5: 1 1 1 2 2 3 3 3
3.6: 3
3.7: 2 2 3 3 3
4.1: 1 2 2 3 3
4.2: 2 3 3 3 3
4.3: 2 2
4.4: 1 2 2 2
5.1: 2
5.2: 1 1 2 3 3 3
5.3: 1 1 3
5.4: 2 2 2
6.1: 1 2 2
6.2: 1 1 1 1 1 1 1 1 2 2 2 2
6.3: 1 1 2 2 3 3 3 3
6.4: 1 1 2 2 3 3
6.5: 2 2 2 2 2 3 3 3
6.6: 2 2 2 3
6.7: 3 3
6.8: 2 2 2 2
7.1: 2 2 2
7.2: 1 1 1 1
7.3: 2 2
7.4: 1 1 2 2 2
7.5: 2 2 3
7.6: 2 2
8.1: 1 2 3 3
8.2: 1 1 2 3
8.3: 1 3 3
8.4: 2 3
9.1: 1 1 1
9.2: 1 2 2 2
10.1: 2 2
10.2: 2 2 3
10.3: 2 2 2 2 3
10.4: 1 1 1 1 1 2 2 2 2 2 2 3 3 3 3 3
10.5: 2 2 2 2 2
10.6: 2 2
10.7: 2 2 2
11.1: 2 2 3 3
11.2: 2 2 2 3 3
11.3: 1 1 2 3 3
11.4: 1 2 2 2
11.5: 2 3
11.6: 2 3
11.7: 3 3
12.1: 1 2 2 3 3
12.2: 1 1
12.3: 2 2 2 2 3
13.1: 2 3 3 3
13.2: 2 2 2 2 2 3
13.3: 2 2 3 3
13.4: 1 2 2 2 2 3 3
14.1: 2 2
14.2: 1 2 2 2 3 3 3 3
14.3: 1 2 2
15.1: 1 2 2 3 3
15.2: 1 2 2 3 3
15.3: 1 2 2 2 2 2 2
15.4: 3 3 3 3
16.1: 2
16.2: 2 2 2 2 2
16.3: 2 2 2 2
16.4: 2 2 2
16.5: 2 2 2 3
17.1: 2 3
17.2: 2 2 2 2 3 3 3 3
17.3: 2 2
"""
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([123]) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w./]+)(?:::(\w+))?`")
SETTING = re.compile(r"setting `(\w+)`")


def text() -> str:
    return (ROOT / "docs" / "asvs.md").read_text()


def asked() -> dict[str, int]:
    """Return each requirement with its level."""
    found = {}
    for line in LEVELS.split("\n"):
        section, _, levels = line.partition(": ")
        for number, level in enumerate(levels.split(), start=1):
            found[f"{section}.{number}"] = int(level)
    return found


def test_the_standard_is_counted_right() -> None:
    levels = list(asked().values())
    assert [levels.count(level) for level in (1, 2, 3)] == [70, 183, 92]


def test_each_requirement_of_two_levels_has_one_row_with_its_level() -> None:
    rows = [(number, int(level)) for number, level, _what, _how in ROW.findall(text())]
    wanted = [(number, level) for number, level in asked().items() if level <= 2]

    assert sorted(set(wanted) - set(rows)) == []
    assert sorted(set(rows) - set(wanted)) == []
    assert len(rows) == len(set(rows))


def test_what_holds_a_requirement_is_said_and_exists() -> None:
    for number, _level, what, how in ROW.findall(text()):
        assert what.strip(), number
        assert len(how.strip()) > 3, number
        for path, name in NAMED.findall(how):
            place = ROOT / path
            assert place.exists(), (number, path)
            assert not name or f"def {name}(" in place.read_text(), (number, path, name)


def test_the_settings_that_are_named_exist() -> None:
    settings = (ROOT / "trinity" / "settings.py").read_text()
    example = (ROOT / ".env.example").read_text()

    for name in SETTING.findall(text()):
        assert re.search(rf"\b{name}\b", settings + example), name
