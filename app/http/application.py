"""The application object: Flask without its cookie session, and with a short way through for hot questions."""

from __future__ import annotations

from typing import Any

from flask import Flask, Request, Response, redirect, request
from flask.sessions import SecureCookieSession, SessionInterface
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from app.http import logs
from app.http.methods import relative


class NoSession(SessionInterface):
    """Keeps nothing in Flask's own cookie: our sessions are rows, see `http.people`.

    Flask-Login expects a place to write to; what it writes is forgotten with the request. Signing and reading a cookie
    that nobody uses cost a decision about a tenth of its time, and put `Vary: Cookie` on every answer.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:  # noqa: ARG002 - Flask's signature
        """Give an empty place."""
        return SecureCookieSession()

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        """Keep nothing."""


class Application(Flask):
    """Flask, in which some endpoints are `lean`.

    Hooks before and after requests serve people: limits per IP, languages, sessions, logs of what was posted. Lean
    endpoints guard themselves and set their own headers, so the hooks are skipped before them, and after them when
    they answer 200. Failures take the whole way and are logged like any other.
    """

    session_interface = NoSession()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.lean: set[str] = set()

    def log_exception(self, exc_info: Any) -> None:
        """Log a fault without the path of the request, which may hold a token."""
        logs.log_fault(exc_info)

    def handle_http_exception(self, e: HTTPException) -> HTTPException | ResponseReturnValue:
        """Send people on to a path only: a redirect of Werkzeug's names the host of the request, maybe a forged one."""
        if isinstance(e, RequestRedirect):
            return redirect(relative(e.new_url), e.code)
        return super().handle_http_exception(e)

    def preprocess_request(self) -> ResponseReturnValue | None:
        """Run the hooks before a request, except for lean endpoints."""
        if request.endpoint in self.lean:
            return None
        return super().preprocess_request()

    def process_response(self, response: Response) -> Response:
        """Run the hooks after a request, except for what lean endpoints answered well."""
        if response.status_code == 200 and request.endpoint in self.lean:
            return response
        return super().process_response(response)

    def do_teardown_request(self, exc: BaseException | None = None) -> None:
        """Run the hooks at the end of a request, except for lean endpoints, before which none was set up."""
        if request.endpoint not in self.lean:
            super().do_teardown_request(exc)
