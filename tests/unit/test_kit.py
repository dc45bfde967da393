"""The small pure helpers."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from cryptography.fernet import InvalidToken
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidAddress
from app.kit import clock
from app.kit.addresses import mask, parse_email, parse_phone
from app.kit.digests import Digester, key_id
from app.kit.ids import first_id_at, new_id
from app.kit.provenance import PERSON, Provenance, Source
from app.kit.sealing import Sealer
from app.kit.signing import BadLink, ExpiredLink, Purpose, Signer

OLD, NEW = "o" * 40, "n" * 40
HOUR = timedelta(hours=1)


def test_ids_are_version_seven_and_sort_by_time():
    with time_machine.travel(0, tick=False) as clock:
        first = new_id()
        clock.shift(0.001)
        second = new_id()
    assert (first.version, first.variant) == (7, uuid.RFC_4122)
    assert first < second
    assert first.int >> 80 == 0


@pytest.mark.parametrize(
    ("one", "other", "same_person", "same_mailbox"),
    [
        ("Ana@Example.COM", "ana@example.com", True, True),
        (" ana@example.com ", "ana@example.com", True, True),
        ("ana@bücher.example.com", "ana@xn--bcher-kva.example.com", True, True),
        ("a.na@gmail.com", "ana@gmail.com", False, True),
        ("ana+x@gmail.com", "ana@gmail.com", False, True),
        ("ana@googlemail.com", "ana@gmail.com", False, True),
        ("a.na@example.com", "ana@example.com", False, False),
        ("ana+x@example.com", "ana@example.com", False, True),
        ("ana@Straße.de", "ana@xn--strae-oqa.de", True, True),
        ("ana@straße.de", "ana@strasse.de", False, False),
        ("ana@λόγος.gr", "ana@λόγοσ.gr", False, False),
    ],
)
def test_what_makes_two_spellings_one(one, other, same_person, same_mailbox):
    first, second = parse_email(one), parse_email(other)
    assert (first.normal == second.normal, first.abuse == second.abuse) == (same_person, same_mailbox)


@pytest.mark.parametrize("typed", ["", "ana", "@example.com", "a b@example.com", "a\x00@example.com", "ana@\ud800.com"])
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(InvalidAddress):
        parse_email(typed)


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_refused(text):
    with suppress(InvalidAddress):
        assert "@" in parse_email(text).normal


def test_phone_numbers_are_e164():
    assert parse_phone("+33 1 42 68 53 00").normal == "+33142685300"
    for typed in ("0142685300", "+33 1", "call me"):
        with pytest.raises(InvalidAddress):
            parse_phone(typed)


def test_a_masked_address_shows_its_domain_only():
    assert mask("ana.lopez@example.com") == "a•••@example.com"


def test_digests_find_what_an_older_key_stored():
    address = parse_email("ana@example.com")
    old, both = Digester((OLD,)), Digester((OLD, NEW))
    assert both.newest(address) != old.newest(address)
    assert both.probes(address) == [both.newest(address), old.newest(address)]
    assert both.key_id == key_id(NEW)
    assert both.abuse(address) not in both.probes(address)


def test_sealing_rotates():
    old, both, new = Sealer([OLD]), Sealer([OLD, NEW]), Sealer([NEW])
    sealed = old.seal("ana@example.com")
    assert both.open(sealed) == "ana@example.com"
    assert new.open(both.seal("ana@example.com")) == "ana@example.com"
    with pytest.raises(InvalidToken):
        new.open(sealed)


def test_links_to_leave_survive_every_rotation_of_the_others():
    token = Signer([OLD], [OLD]).sign_for_ever(Purpose.UNSUBSCRIBE, [1, 2])
    assert Signer([NEW], [OLD, "q" * 40]).read_for_ever(Purpose.UNSUBSCRIBE, token) == [1, 2]


@pytest.mark.parametrize("other", [purpose for purpose in Purpose if purpose is not Purpose.CONFIRM])
def test_a_signature_is_good_for_one_purpose(other):
    signer = Signer([OLD], [NEW])
    with pytest.raises(BadLink):
        signer.read(other, signer.sign(Purpose.CONFIRM, "x"), HOUR)
    with pytest.raises(BadLink):
        signer.read_for_ever(Purpose.NEVER, signer.sign_for_ever(Purpose.UNSUBSCRIBE, "x"))


def test_an_old_signature_says_what_it_said():
    signer = Signer([OLD], [NEW])
    with time_machine.travel(1_700_000_000, tick=False) as clock:
        token = signer.sign(Purpose.ACCESS, "x")
        clock.shift(3601)
        with pytest.raises(ExpiredLink) as expired:
            signer.read(Purpose.ACCESS, token, HOUR)
        assert expired.value.payload == "x"
        assert signer.age(Purpose.ACCESS, token, 2 * HOUR) == ("x", 3601)


def test_an_age_is_told_to_the_millisecond():
    signer = Signer([OLD], [NEW])
    with time_machine.travel(1_700_000_000.9, tick=False) as clock:
        token = signer.sign(Purpose.FORM, "x")
        clock.shift(1.2)
        assert signer.age(Purpose.FORM, token, HOUR) == ("x", pytest.approx(1.2, abs=0.002))


def test_provenance_keeps_the_personal_part_apart():
    where = Provenance(PERSON, Source.FORM, "en", "192.0.2.1", "Browser", "/camille/", "id")
    assert where.as_detail() == {"ip": "192.0.2.1", "user_agent": "Browser", "page": "/camille/", "request_id": "id"}
    assert where.as_record()["source"] == "form"


def test_the_first_id_of_a_moment_parts_before_from_after():
    with time_machine.travel(1_700_000_000, tick=False):
        border, made = first_id_at(clock.now()), new_id()
    with time_machine.travel(1_699_999_999.999, tick=False):
        assert new_id() < border <= made
