"""Compression of what browsers fetch.

A compressed answer tells by its length whether two parts of it are alike. Where a page holds a secret (a form token, a
name) and words that somebody else chose (a link with words in it), that other can find the secret out, guess by guess
(BREACH, 2013). So pages are compressed only when they answer a plain GET whose address says nothing that the page
could repeat: known parts of the path, and no query but those of ours. Pages behind a link with a token, forms of
the centre that come back, answers of API and OAuth and the lean endpoints go as they are.

The sign-up form may come back compressed with what was typed: nobody is signed in there, and the token of that form is
no secret, since whoever asks gets one that is as good. It is the heaviest page of all on the group's site. So may a
form of the profile, with its list of all countries, if the token of the session came with it: what was typed there was
then typed into a page of ours, and nobody else chose it.
"""

from __future__ import annotations

from flask import Flask, Response, request
from flask_compress import Compress

from app.http.guards import has_token_of_session

SHEETS_AND_PICTURES = frozenset({"text/css", "text/javascript", "application/javascript", "image/svg+xml"})
PAGES_OF = frozenset({"web", "embed", "console", "dev"})
MANUALS = frozenset({"api.docs", "api.area"})
FORMS_WITHOUT_SECRET = frozenset({"web.sign_up_post"})
FORMS_WITH_TOKEN = frozenset({"web.profile_field_post"})
KNOWN_PARTS = frozenset({"site", "brand", "slug", "id", "field", "sequence"})
"""Parts of a path that must name something we have."""
KNOWN_QUERIES = frozenset({
    *((name, "1") for name in ("welcome", "reworded", "cancelled", "starts", "added", "renamed", "removed", "kept",
                               "ended", "proved", "over")),
    ("asked", "starts"), ("asked", "both"), *(("told", outcome) for outcome in ("agreed", "left", "reworded", "over")),
})  # fmt: skip

SETTINGS = {
    "COMPRESS_REGISTER": False,
    "COMPRESS_MIMETYPES": ["text/html", *sorted(SHEETS_AND_PICTURES)],
    "COMPRESS_ALGORITHM": ["br", "gzip"],
    "COMPRESS_BR_LEVEL": 5,
}

compress = Compress()


def install(app: Flask) -> None:
    """Compress the answers of `app` that may be."""
    app.config.update(SETTINGS)
    compress.init_app(app)

    @app.after_request
    def shrink(response: Response) -> Response:
        if not may_compress(response):
            return response
        # A static file is read whole here: as a stream it would be sent without its length, and never closed.
        response.direct_passthrough = False
        response.make_sequence()
        if response.status_code != 422:
            return compress.after_request(response)
        # Flask-Compress passes over everything that is no success.
        response.status_code = 200
        response = compress.after_request(response)
        response.status_code = 422
        return response


def may_compress(response: Response) -> bool:
    """Tell whether the length of the compressed answer gives nothing away."""
    if request.endpoint in FORMS_WITHOUT_SECRET:
        return response.status_code == 422
    if request.endpoint in FORMS_WITH_TOKEN:
        return response.status_code == 422 and has_token_of_session()
    if request.method not in {"GET", "HEAD"} or response.status_code not in {200, 304}:
        return False
    return response.mimetype in SHEETS_AND_PICTURES or (response.mimetype == "text/html" and _repeats_nothing())


def _repeats_nothing() -> bool:
    if request.blueprint not in PAGES_OF and request.endpoint not in MANUALS:
        return False
    if not (request.view_args or {}).keys() <= KNOWN_PARTS:
        return False
    # A `lang` that is not one of ours is passed over.
    return all(name == "lang" or (name, value) in KNOWN_QUERIES for name, value in request.args.items(multi=True))
