"""The bill of materials says what the locks say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from trinity import sbom
from trinity.stack.home import ROOT


def test_every_locked_package_is_in_it_with_its_digests() -> None:
    locks = [lock.read_text() for lock in ROOT.glob("requirements*.lock")]
    pinned = {line for text in locks for line in re.findall(r"^([\w.-]+)[^=\n]*==", text, re.M)}
    bill = sbom.document()
    packages = [each for each in bill["components"] if each["purl"].startswith("pkg:pypi/")]

    assert {each["name"] for each in packages} == {name.lower() for name in pinned}
    assert "django" in pinned
    digests = {digest["content"] for each in packages for digest in each["hashes"]}
    assert digests == {found for text in locks for found in re.findall(r"sha256:(\w+)", text)}
    assert all(each["hashes"] for each in packages)


def test_what_browsers_get_is_in_it() -> None:
    vendored = {file.name for file in (ROOT / "static" / "vendor").glob("*.js")}
    served = [each for each in sbom.document()["components"] if "pkg:npm/" in each["purl"]]

    assert {f"{each['name']}-{each['version']}.min.js" for each in served} == vendored


def test_a_file_that_hides_its_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1"\n')
    (tmp_path / "static" / "vendor").mkdir(parents=True)
    (tmp_path / "static" / "vendor" / "htmx.js").write_text("")

    with pytest.raises(ValueError, match=r"htmx\.js does not say its version"):
        sbom.document(tmp_path)


def test_the_command_prints_the_same_document_twice() -> None:
    command = [sys.executable, "-m", "trinity.sbom"]
    first, second = (
        subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    )
    assert first == second
    said = json.loads(first)
    assert (said["bomFormat"], said["specVersion"]) == ("CycloneDX", "1.6")
    references = [each["bom-ref"] for each in said["components"]]
    assert len(references) == len(set(references))
