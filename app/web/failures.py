"""What a page says when the domain refuses: a whole sentence for each code, in the reader's language.

The messages of the failures themselves are English, for logs and for the API.
"""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_babel import gettext

from app import errors
from app.branding.catalogue import N_
from app.errors import DomainError
from app.http import ages
from app.http.errors import status_of
from app.web.blueprint import render_error

SENTENCES = {
    errors.InvalidAddress.code: N_("Write an address like name@example.com."),
    errors.UnknownItem.code: N_("The page asked for something that we do not know. Please go back and choose again."),
    errors.NotOffered.code: N_("This can’t be chosen here, or not any more. Please go back and choose again."),
    errors.NothingChosen.code: N_("Choose at least one thing to receive."),
    errors.BirthDateNeeded.code: ages.NEEDED,
    errors.TooYoung.code: ages.TOO_YOUNG,
    errors.Gone.code: N_("What you asked for existed once and is no more. Nothing has been changed."),
}
"""By code; for any other the page says what goes with its status."""


def refused(failure: DomainError) -> ResponseReturnValue:
    """Tell a failure of the domain as a page."""
    words = SENTENCES.get(failure.code)
    return render_error(status_of(failure).value, gettext(words) if words else "")
