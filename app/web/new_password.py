"""What is said about a password that is not good enough, in whatever form it was chosen."""

from __future__ import annotations

from flask_babel import gettext as _

from app.branding.catalogue import N_
from app.http.context import env
from app.services import passwords
from app.services.passwords import Weakness

SHORTER = N_("Take at least 8 characters, such as two or three words that have nothing in common.")
SENTENCES = {
    Weakness.TOO_SHORT: N_("Take at least 15 characters, such as four words that have nothing in common."),
    Weakness.TOO_LONG: N_("Take at most 128 characters."),
    Weakness.PERSONAL: N_(
        "Leave out “%(word)s”: names of our houses and parts of your address are what is tried first."
    ),
    Weakness.GUESSABLE: N_("That is easy to guess. Add words that have nothing to do with the others."),
}


def problem(password: str, email: str, *, has_second_factor: bool = False) -> str:
    """Say what is wrong with a new password for whoever has this address; empty where nothing is.

    A shorter one will do where a code is asked for after it.
    """
    shortest = passwords.SHORTEST_OF_TWO if has_second_factor else passwords.SHORTEST
    known = passwords.known_words(env().group, email)
    found = passwords.weakness(password, known, shortest)
    if found is Weakness.TOO_SHORT and has_second_factor:
        return _(SHORTER)
    return _(SENTENCES[found], word=passwords.known_word_in(password, known)) if found else ""
