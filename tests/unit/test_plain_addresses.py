"""The short way of reading plain e-mail addresses, held against the long one."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import InvalidAddress
from app.kit import addresses

LABEL = st.text("abzAZ09-", min_size=1, max_size=66)
LOCAL = st.text("abzAZ09._+-'", min_size=1, max_size=70)
ENDING = st.sampled_from(["com", "FR", "museum", "test", "invalid", "local", "arpa", "onion", "c", "c0m", "xn--p1ai"])
ANY = st.builds(
    lambda local, labels, end: f"{local}@{'.'.join([*labels, end])}", LOCAL, st.lists(LABEL, max_size=6), ENDING
)


def long_way(typed):
    """Read an address without the short way; None where it is refused."""
    with patch.object(addresses, "_plain", return_value=None):
        try:
            return addresses.parse_email(typed)
        except InvalidAddress:
            return None


@settings(max_examples=600, deadline=None)
@given(ANY)
def test_the_short_way_says_what_the_long_one_says(typed):
    short = addresses._plain(typed)
    assert short is None or short == long_way(typed)


@pytest.mark.parametrize("typed", ["Ana@Example.com", "a.b+c@sub.example.fr", "x_y-z@a-b.co.uk", "1@2.com"])
def test_most_addresses_take_the_short_way(typed):
    assert addresses._plain(typed) is not None
    assert addresses._plain(typed) == long_way(typed)


@pytest.mark.parametrize(
    "typed", ["ana@example.test", "ana@localhost", ".a@example.com", "a..b@example.com", "é@example.com"]
)
def test_the_rest_take_the_long_way(typed):
    assert addresses._plain(typed) is None
