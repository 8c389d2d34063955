"""``python -m trinity.sbom``: what Trinity is made of, as CycloneDX 1.6 on the standard output.

Read off the locks and the files that are served, so that it cannot differ from what is installed.
The same tree gives the same document.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from trinity.stack.home import ROOT
from trinity.stopping import stoppable

PINNED: Final = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==(?P<version>[^\s;\\]+)", re.MULTILINE
)
HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")
SERVED: Final = re.compile(r"(?P<name>[a-z]+)-(?P<version>\d[\d.]*\d)\.min\.js")
NAMESPACE: Final = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # RFC 9562, for addresses


def document(root: Path = ROOT) -> dict[str, Any]:
    """Return the bill of materials of the tree in ``root``."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    components = [*_locked(root), *_served(root)]
    seed = json.dumps(components, sort_keys=True)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, seed)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": project["name"],
                "name": project["name"],
                "version": project["version"],
            }
        },
        "components": components,
    }


def _locked(root: Path) -> Iterator[dict[str, Any]]:
    """Yield each package that a lock pins, with the digests of the files that may be installed."""
    texts = [lock.read_text() for lock in sorted(root.glob("requirements*.lock"))]
    found = {}
    for text in texts:
        pins = list(PINNED.finditer(text))
        ends = [pin.start() for pin in pins[1:]] + [len(text)]
        for pin, end in zip(pins, ends, strict=True):
            found[pin["name"].lower(), pin["version"]] = sorted(HASH.findall(text, pin.end(), end))
    for (name, version), digests in sorted(found.items()):
        yield _component(f"pkg:pypi/{name}@{version}", name, version, digests)


def _served(root: Path) -> Iterator[dict[str, Any]]:
    """Yield each library that browsers get from us."""
    for file in sorted((root / "static" / "vendor").glob("*.js")):
        named = SERVED.fullmatch(file.name)
        if named is None:
            raise ValueError(f"{file.name} does not say its version (name-1.2.3.min.js)")
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        name, version = named["name"], named["version"]
        yield _component(f"pkg:npm/{name}.org@{version}", name, version, [digest])


def _component(purl: str, name: str, version: str, digests: list[str]) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in digests],
    }


if __name__ == "__main__":
    with stoppable("trinity.sbom"):
        json.dump(document(), sys.stdout, indent=2)
        sys.stdout.write("\n")
