"""Who is at the other end: the server-side session behind a cookie, as Flask-Login's user."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec

from flask import Request, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import UserMixin, current_user
from werkzeug import Response

from app.http.context import env, transaction
from app.http.extensions import login_manager
from app.http.languages import prefer
from app.kit import clock
from app.models import SessionRow
from app.services import sessions

P = ParamSpec("P")


class Visitor(UserMixin):
    """Someone with a session: opened from their mailbox, or by signing in."""

    def __init__(self, secret: str, row: SessionRow) -> None:
        self.secret = secret
        self.row = row

    @property
    def account_id(self) -> uuid.UUID:
        """The account that the session belongs to."""
        return self.row.account_id

    @property
    def is_full(self) -> bool:
        """Whether the person signed in, rather than came from a mail."""
        return self.row.kind == sessions.FULL

    @property
    def is_stepped_up(self) -> bool:
        """Whether the person has shown in the last minutes, once more, that the session is theirs."""
        return sessions.is_stepped_up(self.row)

    @property
    def is_fresh(self) -> bool:
        """Whether they signed in, or showed that, within the last minutes."""
        return sessions.is_fresh(self.row)

    @property
    def form_subject(self) -> str:
        """What form tokens of this session are signed for."""
        return self.row.digest.hex()

    @property
    def lasts(self) -> timedelta:
        """How long the session still lasts."""
        return self.row.expires_at - clock.now()

    def renew(self, secret: str) -> None:
        """Go on under the new secret of the same session, with the forms of this answer too."""
        self.secret, self.row.digest = secret, sessions.digest_of(secret)

    def get_id(self) -> str:
        """Name the visitor for Flask-Login, which keeps nothing of it: our cookie is the session."""
        return str(self.row.account_id)


def cookie_name() -> str:
    """Name the cookie: the `__Host-` prefix wherever the site is https, which needs Secure."""
    return "__Host-parley" if _is_secure() else "parley"


def former_secret() -> str:
    """Give the secret in the cookie that a new session replaces; empty where there is none."""
    return request.cookies.get(cookie_name(), "")


def _is_secure() -> bool:
    return env().settings.origin.startswith("https://")


def ticket_cookie_name() -> str:
    """Name the cookie of a sign-in between password and code."""
    return f"{cookie_name()}-step"


@login_manager.request_loader
def load_visitor(asked: Request) -> Visitor | None:
    """Find the session of a request's cookie."""
    secret = asked.cookies.get(cookie_name())
    if not secret:
        return None
    with transaction() as session:
        found = sessions.find_with_language(session, secret)
        if found is None:
            return None
        row, language = found
        if sessions.is_use_due(row):
            sessions.note_use(session, row.digest)
        session.expunge(row)
    g.is_signed_in = row.kind == sessions.FULL
    prefer(language)
    return Visitor(secret, row)


def visitor() -> Visitor:
    """Give the visitor of a view behind `preference_session_required`."""
    found: Visitor = current_user._get_current_object()  # noqa: SLF001 - the way Werkzeug names it
    return found


def preference_session_required(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Send whoever has no session to the page that mails a link."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not current_user.is_authenticated:
            return redirect(url_for("web.preferences_link", site=g.site.slug), 303)
        return view(*args, **kwargs)

    return guarded


def full_session_required(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Send whoever has not signed in to where that is done."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not current_user.is_authenticated or not visitor().is_full:
            return redirect(url_for("web.sign_in", site=g.site.slug), 303)
        return view(*args, **kwargs)

    return guarded


def to_prove_again() -> Response:
    """Lead to where somebody shows once more whose session it is, and from there back to this page."""
    return redirect(url_for("web.check", site=g.site.slug, to=request.endpoint), 303)


def step_up_required(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Send whoever did not lately show once more whose session it is to where that is done; inside the other guards."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not visitor().is_stepped_up:
            return to_prove_again()
        return view(*args, **kwargs)

    return guarded


def fresh_session_required(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Send whoever did not sign in within the last minutes to where that is proved again."""

    @wraps(view)
    @full_session_required
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if not visitor().is_fresh:
            return to_prove_again()
        return view(*args, **kwargs)

    return guarded


def set_session_cookie(response: Response, secret: str, lasts: timedelta = sessions.PREFERENCE_LASTS) -> None:
    """Hand the secret of a new session to the browser; it replaces whatever session there was."""
    response.set_cookie(
        cookie_name(), secret, max_age=int(lasts.total_seconds()),
        secure=_is_secure(), httponly=True, samesite="Lax", path="/",
    )  # fmt: skip


def renew_session_cookie(response: Response, who: Visitor, secret: str | None) -> Response:
    """Hand the new secret of a session that goes on to the browser; nothing where it ended meanwhile."""
    if secret is not None:
        set_session_cookie(response, secret, who.lasts)
    return response


def set_ticket_cookie(response: Response, ticket: str, lasts: timedelta) -> None:
    """Let the browser keep what says that the password was right; empty, it is taken away again."""
    response.set_cookie(
        ticket_cookie_name(), ticket, max_age=int(lasts.total_seconds()) if ticket else 0,
        secure=_is_secure(), httponly=True, samesite="Lax", path="/",
    )  # fmt: skip


def drop_session_cookie(response: Response) -> None:
    """Take the cookie away again."""
    response.delete_cookie(cookie_name(), secure=_is_secure(), httponly=True, samesite="Lax", path="/")
