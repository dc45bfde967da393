"""What the preview does to answers of the real application: one colour scheme, and a frame of our own around them.

Real pages follow the reader's system. Here a style sheet, or a mail's own styles, is rewritten so that the wanted
scheme is the only one; the words of the rules stay, only the question about the system gets a fixed answer.
"""

from __future__ import annotations

import re

from flask import Flask, Response, abort, request
from werkzeug.datastructures import Headers

SCHEMES = ("light", "dark")
SCHEME = "parley.preview.scheme"
FAULT = "parley.preview.fault"
"""Keys of the WSGI environment, where no request from outside can put anything."""

_STYLED = frozenset({"text/html", "text/css"})
_QUESTION = re.compile(r"\(\s*prefers-color-scheme:\s*(light|dark)\s*\)")
_DECLARATION = re.compile(r"color-scheme: light dark")
_ANCESTORS = re.compile(r"frame-ancestors [^;]*")
_YES, _NO = "(min-width: 0)", "(max-width: 0)"


def install(application: Flask) -> None:
    """Dress every answer of `application` that is asked for with a scheme, before it is compressed.

    To be called before its first request.
    """
    application.before_request(_stumble)
    application.after_request(_dress)


def force(styles: str, scheme: str) -> str:
    """Answer each question about the reader's scheme in `styles`, and declare `scheme` alone."""
    answered = _QUESTION.sub(lambda asked: _YES if asked.group(1) == scheme else _NO, styles)
    return _DECLARATION.sub(f"color-scheme: {scheme}", answered)


def let_us_frame(headers: Headers) -> None:
    """Allow our own pages, and nobody else, to frame an answer."""
    policy = headers.get("Content-Security-Policy", "")
    headers["Content-Security-Policy"] = _ANCESTORS.sub("frame-ancestors 'self'", policy)


def _stumble() -> None:
    if fault := request.environ.get(FAULT):
        abort(fault)


def _dress(response: Response) -> Response:
    scheme = request.environ.get(SCHEME)
    if scheme is None:
        return response
    # A file is read whole: what compresses it as a stream would leave it open.
    response.direct_passthrough = False
    response.make_sequence()
    if response.mimetype in _STYLED:
        response.set_data(force(response.get_data(as_text=True), scheme))
    return response
