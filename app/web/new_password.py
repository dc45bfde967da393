"""What is said about a password that is not good enough, in whatever form it was chosen."""

from __future__ import annotations

from flask_babel import gettext as _

from app.branding.catalogue import N_
from app.http.context import env
from app.services import passwords
from app.services.passwords import Weakness

SENTENCES = {
    Weakness.TOO_SHORT: N_("Take at least 15 characters, such as four words that have nothing in common."),
    Weakness.TOO_LONG: N_("Take at most 128 characters."),
    Weakness.PERSONAL: N_("Leave out the names of our houses and parts of your address: those are tried first."),
    Weakness.GUESSABLE: N_("That is easy to guess. Add words that have nothing to do with the others."),
}


def problem(password: str, email: str) -> str:
    """Say what is wrong with a new password for whoever has this address; empty where nothing is."""
    found = passwords.weakness(password, passwords.known_words(env().group, email))
    return _(SENTENCES[found]) if found else ""
