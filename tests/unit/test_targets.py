"""Which addresses are called."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from app.kit.targets import LONGEST_URL, check_url, is_public


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946"])
def test_public_addresses_are(address):
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
    "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
    "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::",
    "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
])  # fmt: skip
def test_no_other_address_is(address):
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("url", [
    "https://crm.example.com", "https://crm.example.com/hooks?key=a%20b&x=[1]", "https://crm.example.com:8443/",
    "https://xn--caf-dma.example.com/", "https://93.184.216.34/", "https://[2606:2800:220:1:248:1893:25c8:1946]:443/",
])  # fmt: skip
def test_addresses_that_are_called(url):
    check_url(url, https_only=True, public_only=True)


@pytest.mark.parametrize("url", [
    "", "crm.example.com", "//crm.example.com/", "ftp://crm.example.com/", "file:///etc/passwd", "https:///x", "https://",
    "http://crm.example.com/", "https://user:secret@crm.example.com/", "https://user@crm.example.com/",
    "https://crm.example.com/#part", "https://crm.example.com\\@127.0.0.1/", "https://crm.example.com/a b",
    "https://crm.example.com/\r\nX: y", "https://café.example.com/", "https://crm.example.com:22/",
    "https://crm.example.com:99999/", "https://crm.example.com:x/", "https://[::1/", "https://127.0.0.1/",
    "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://169.254.169.254/latest/", "https://10.0.0.1:8443/",
    "https://crm.example.com/" + "a" * LONGEST_URL, "https://crm.example.com/\x00",
])  # fmt: skip
def test_addresses_that_are_not(url):
    with pytest.raises(ValueError, match=r"^(must|is no)"):
        check_url(url, https_only=True, public_only=True)


def test_where_people_develop_more_is_called():
    check_url("http://127.0.0.1:9000/", https_only=False, public_only=False)
