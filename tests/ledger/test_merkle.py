"""Merkle trees: those of RFC 6962, and a way from every leaf to the root."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import merkle
from ledger.content import LEAF

# What the RFC's own tree makes of these inputs, one by one (Certificate Transparency's vectors).
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "".join(
    f"{number:02x}" for number in range(0x60, 0x70)
)]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [sha256(LEAF + bytes.fromhex(text)).digest() for text in INPUTS]


def rfc_root(leaves: list[bytes]) -> bytes:
    """Say the RFC's definition, word by word."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(merkle.NODE + rfc_root(leaves[:split]) + rfc_root(leaves[split:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_those_of_the_rfc(size: int) -> None:
    assert merkle.root(LEAVES[:size]).hex() == ROOTS[size - 1]


@given(st.integers(min_value=1, max_value=130))
def test_row_by_row_is_the_recursive_definition(size: int) -> None:
    leaves = [sha256(bytes([number])).digest() for number in range(size)]

    assert merkle.root(leaves) == rfc_root(leaves)


@given(st.integers(min_value=1, max_value=130), st.data())
def test_every_leaf_leads_to_the_root(size: int, data: st.DataObject) -> None:
    leaves = [sha256(bytes([number])).digest() for number in range(size)]
    index = data.draw(st.integers(min_value=0, max_value=size - 1))

    steps = merkle.path(leaves, index=index)

    assert merkle.root_from_path(leaves[index], steps) == merkle.root(leaves)
    assert merkle.root_from_path(sha256(b"other").digest(), steps) != merkle.root(leaves)
    assert len(steps) <= size.bit_length()


def test_a_leaf_is_no_node() -> None:
    one, two = LEAVES[:2]

    assert merkle.root([one, two]) != sha256(LEAF + one + two).digest()


def test_no_batch_is_empty() -> None:
    with pytest.raises(ValueError, match="needs a leaf"):
        merkle.root([])
