"""What mails say about a change of the ways into an account."""

from __future__ import annotations

from typing import NamedTuple

from app.branding.catalogue import N_, translations
from app.services.letters import Letter
from app.services.messages import MessageKind
from app.services.security_mails import ABOUT_PHONES, Event


class Happening(NamedTuple):
    """A change as a mail tells of it: its subject, a sentence, what it means, and what to do if it was a stranger."""

    subject: str
    heading: str
    meaning: str
    remedy: str
    button: str = N_("It was not me: set another password")
    calm: str = N_("If that was you, there is nothing left to do.")


SIGNED_OUT = N_("That signs out every device. Then sign in and see under “Password and devices” what else was changed.")
LOOK = N_("If it was not you, put it right in your preferences.")
SEE_PREFERENCES = N_("See your preferences")
WORDS = {
    Event.PASSKEY_ADDED: Happening(
        N_("A passkey was added to your account"),
        N_("A passkey was added."),
        N_("Whoever has the device it is kept on can sign in with it, without your password."),
        N_("That signs out every device. Then sign in, and remove the passkey under “Password and devices”."),
    ),
    Event.PASSKEY_REMOVED: Happening(
        N_("A passkey was removed from your account"),
        N_("A passkey was removed."),
        N_("It signs nobody in any more."),
        SIGNED_OUT,
    ),
    Event.PASSWORD_LOCKED: Happening(
        N_("Your password no longer opens your account"),
        N_("Your password is locked."),
        N_(
            "It, or the code after it, was wrong a hundred times in a row, so it opens nothing any more, not even for "
            "you."
        ),
        N_("Another password opens your account again. All you chose and told us is as it was."),
        N_("Set another password"),
        "",
    ),
    Event.SECOND_FACTOR_ON: Happening(
        N_("A code is asked for when you sign in"),
        N_("A code is asked for from now on."),
        N_("Signing in takes your password and a code of your app, or one of your recovery codes."),
        N_("That signs out every device. Should it ask for a code you do not have, write to us: the address is below."),
    ),
    Event.SECOND_FACTOR_OFF: Happening(
        N_("No code is asked for any more when you sign in"),
        N_("No code is asked for any more."),
        N_("From now on your password is enough to sign in."),
        SIGNED_OUT,
    ),
    Event.SECOND_FACTOR_RESET: Happening(
        N_("We switched off the code at sign-in"),
        N_("No code is asked for any more."),
        N_(
            "We switched it off as you had lost your app, and signed out every device. Set another password to sign in."
        ),
        N_("If you did not ask us for that, set another password all the same, and write to us: the address is below."),
        N_("Set another password"),
        "",
    ),
    Event.RECOVERY_CODE_USED: Happening(
        N_("Somebody signed in with a recovery code"),
        N_("A recovery code was used."),
        N_("It stood in for a code of your app, and is worth nothing now."),
        SIGNED_OUT,
    ),
    Event.RECOVERY_CODES_RENEWED: Happening(
        N_("You have other recovery codes"),
        N_("There are other recovery codes."),
        N_("Those you had before are worth nothing now."),
        SIGNED_OUT,
    ),
    Event.PHONE_ADDED: Happening(
        N_("A phone number was added to your choices"),
        N_("A phone number was added."),
        N_("It was proved by a code that was sent to it. Text messages go there once you switch them on."),
        SIGNED_OUT,
    ),
    Event.PHONE_CHANGED: Happening(
        N_("Your phone number has changed"),
        N_("There is another phone number now."),
        N_("It was proved by a code that was sent to it. What you agreed to stays, and goes there."),
        SIGNED_OUT,
    ),
    Event.PHONE_REMOVED: Happening(
        N_("Your phone number was removed"),
        N_("Your phone number was removed."),
        N_("Nobody writes to it or calls it any more, whatever you had agreed to."),
        SIGNED_OUT,
    ),
    Event.PHONE_LOST: Happening(
        N_("Your phone number is somebody else’s by now"),
        N_("Your phone number is no longer with us."),
        N_(
            "Somebody else proved today that it is theirs, as happens when numbers are given out again. "
            "Nothing goes there on your account any more."
        ),
        SIGNED_OUT,
        calm=N_("If you gave the number up, there is nothing left to do."),
    ),
}


def happened(letter: Letter) -> Happening | None:
    """Give the words of a letter about a change of security, in its language; None for every other letter."""
    if letter.kind is not MessageKind.SECURITY_CHANGED:
        return None
    say = translations(letter.locale).gettext
    found = WORDS[Event(letter.event)]
    if letter.event in ABOUT_PHONES and not letter.is_full:  # whoever has no password can set no other
        found = found._replace(remedy=LOOK, button=SEE_PREFERENCES)
    return Happening(*(say(each) if each else "" for each in found))
