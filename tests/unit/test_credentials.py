"""Passwords and devices, without anything around them."""

from __future__ import annotations

import threading
import time

import pytest
from argon2 import PasswordHasher, extract_parameters

from app.kit.devices import Device, device
from app.kit.hashing import Hasher
from app.services.passwords import Weakness, known_word_in, known_words, weakness

PASSWORD = "quiet umbrella seven anchovies"
FEWEST = 15
WIDE = {each: each + 0xFEE0 for each in range(ord("!"), ord("~") + 1)}


def test_a_hash_has_the_parameters_of_the_floor_and_fits_its_password_only():
    hasher = Hasher(parallel=1)
    hashed = hasher.hash(PASSWORD)
    found = extract_parameters(hashed)
    assert (found.memory_cost, found.time_cost, found.parallelism) == (65_536, 3, 4)
    assert hashed.startswith("$argon2id$")
    assert (hasher.fits(hashed, PASSWORD), hasher.fits(hashed, PASSWORD + "x")) == (True, False)


@pytest.mark.parametrize("password", ["", "nobody's", "a\x00b", "\ud800"[:0], "x" * 100_000])
def test_nothing_fits_where_there_is_no_hash(password):
    assert not Hasher(parallel=1).fits(None, password)


def test_what_is_no_hash_fits_nothing():
    assert not Hasher(parallel=1).fits("plain", "plain")


def test_weaker_parameters_are_noticed():
    hasher = Hasher(parallel=1)
    weak = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    assert (hasher.is_dated(weak), hasher.is_dated(hasher.hash(PASSWORD))) == (True, False)
    assert hasher.fits(weak, PASSWORD)


def test_no_more_than_so_many_are_worked_out_at_once(monkeypatch):
    hasher, at_once, most = Hasher(parallel=2), [], []

    def slow(_hasher, _password):
        at_once.append(1)
        most.append(len(at_once))
        time.sleep(0.02)
        at_once.pop()
        return "hash"

    monkeypatch.setattr(PasswordHasher, "hash", slow)
    threads = [threading.Thread(target=hasher.hash, args=(PASSWORD,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 2


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        (PASSWORD, None),
        ("x" * (FEWEST - 1), Weakness.TOO_SHORT),
        ("x" * 129, Weakness.TOO_LONG),
        ("aaaaaaaaaaaaaaaa", Weakness.GUESSABLE),
        ("qwertyuiopasdfghjk", Weakness.GUESSABLE),
        ("Vantour umbrella seven", Weakness.PERSONAL),
        ("anchovies of ana.maria here", Weakness.PERSONAL),
        ("maria eats seven anchovies", Weakness.PERSONAL),
        ("七只安静的雨伞在屋顶上面等着下雨", None),
    ],
)
def test_which_passwords_are_good_enough(group, password, expected):
    known = known_words(group, "ana.maria@example.com")
    assert weakness(password, known) is expected
    assert bool(known_word_in(password, known)) is (expected is Weakness.PERSONAL), "it can be told which word"


def test_wide_letters_are_judged_as_the_narrow_ones_that_are_hashed(group):
    known = known_words(group, "ana.maria@example.com")
    assert weakness("passwordpassword".translate(WIDE), known) is Weakness.GUESSABLE
    assert weakness("the camille of my heart and hat".translate(WIDE), known) is Weakness.PERSONAL
    assert known_word_in("the camille of my heart and hat".translate(WIDE), known) == "camille"
    assert weakness("e\u0301" * 8, known) is Weakness.TOO_SHORT


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", Device("Firefox", "Linux")),
        ("curl/8.5.0", Device("curl", "")),
        ("\x00 \U0001f600" * 500, Device()),
        ("", Device()),
        (None, Device()),
    ],
)
def test_devices_are_named_in_words(user_agent, expected):
    assert device(user_agent) == expected
