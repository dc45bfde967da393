"""The script that a brand's site loads: what is in `static/js`, put together for one brand. There is no build step."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from flask import Response, json, request

from app.branding.models import Brand
from app.http.context import env

FIVE_MINUTES = 300
FOLDER = Path(__file__).parents[1] / "static" / "js"
PARTS = ("proof.js", "embed-style.js", "embed-form.js", "embed.js")


def script(brand: Brand) -> Response:
    """Give the script, which knows where it comes from and for whom."""
    known = {"ORIGIN": env().settings.origin, "BRAND": brand.slug}
    constants = [f"const {name} = {json.dumps(value)};" for name, value in known.items()]
    lines = ["(() => {", '"use strict";', *constants, _parts(), "})();", ""]
    return cacheable(Response("\n".join(lines), mimetype="text/javascript"))


def cacheable(response: Response) -> Response:
    """Let caches keep an answer for five minutes, and ask afterwards whether it changed."""
    response.cache_control.public = True
    response.cache_control.max_age = FIVE_MINUTES
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.add_etag()
    response.make_conditional(request)
    return response


@cache
def _parts() -> str:
    return "\n".join((FOLDER / part).read_text(encoding="utf-8") for part in PARTS)
