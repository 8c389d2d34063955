"""Each sale of ``bin/sale`` has a buyer at an address of their own, where that can be."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from trinity.sale.addresses import own_address


def test_two_sales_come_from_two_addresses_of_this_machine() -> None:
    found = {own_address(base_url="http://localhost:8000") for _ in range(3)}

    assert len(found) == 3
    for address in found:
        assert address is not None
        assert ipaddress.ip_address(address).is_loopback
        with socket.socket() as probe:
            probe.bind((address, 0))


@pytest.mark.parametrize("base_url", ["https://shop.example", "http://10.0.0.7:8000"])
def test_pages_elsewhere_are_reached_from_the_usual_address(base_url: str) -> None:
    assert own_address(base_url=base_url) is None
