"""Secret keys change: what the old one signed still reads, the new one signs, and a removed one reads nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.kit.signing import BadLink, Purpose, Signer

OLD, NEW = "the old key, thirty-two bytes long", "the new key, thirty-two bytes long"
LEAVE = "the key of links to leave, long enough"
BEFORE, DURING, AFTER = (Signer(keys, [LEAVE]) for keys in ([OLD], [OLD, NEW], [NEW]))
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("purpose", Purpose)
def test_every_kind_of_signed_value_outlives_a_rotation_until_its_key_is_removed(purpose):
    old, new = BEFORE.sign(purpose, "x"), DURING.sign(purpose, "x")
    assert [each.read(purpose, old, HOUR) for each in (BEFORE, DURING)] == ["x", "x"]
    assert [each.read(purpose, new, HOUR) for each in (DURING, AFTER)] == ["x", "x"]
    for signer, token in ((AFTER, old), (BEFORE, new)):
        with pytest.raises(BadLink):
            signer.read(purpose, token, HOUR)


@pytest.mark.parametrize("purpose", Purpose)
def test_so_do_stamps_and_the_keys_that_codes_are_derived_from(purpose):
    old, new = BEFORE.stamp(purpose, "x"), DURING.stamp(purpose, "x")
    assert DURING.read_stamp(purpose, old) == AFTER.read_stamp(purpose, new) == "x"
    for signer, token in ((AFTER, old), (BEFORE, new)):
        with pytest.raises(BadLink):
            signer.read_stamp(purpose, token)
    assert DURING.derived_keys(purpose) == [*AFTER.derived_keys(purpose), *BEFORE.derived_keys(purpose)]
