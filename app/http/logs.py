"""Structured logs without personal data: no addresses, no tokens, no query strings."""

from __future__ import annotations

import logging
import sys
from time import perf_counter
from types import TracebackType

import structlog
from flask import Flask, Response, g, request

from app.http.context import request_id

FAILED = 400
log = structlog.get_logger("parley.request")


def configure(*, as_json: bool) -> None:
    """Set structlog up once for the process: lines of JSON in production, readable ones in development."""
    renderer = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_names: structlog.PrintLogger(sys.stderr),
    )


def log_fault(exception: tuple[type[BaseException], BaseException, TracebackType | None] | None) -> None:
    """Log a fault of ours with its traceback, by the rule of the route: Flask's own line would tell the path."""
    rule = request.url_rule.rule if request.url_rule else "unmatched"
    log.error("fault", method=request.method, rule=rule, request_id=request_id(), exc_info=exception)


def install(app: Flask) -> None:
    """Log one line for each request that failed or that a page posted, not for the many questions of the API.

    It names the rule of the route, never its path, which may hold a token.
    """

    @app.before_request
    def start() -> None:
        g.started = perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        if response.status_code >= FAILED or (request.method == "POST" and request.blueprint != "api"):
            took = perf_counter() - g.get("started", perf_counter())
            rule = request.url_rule.rule if request.url_rule else "unmatched"
            log.info(
                "request", method=request.method, rule=rule, status=response.status_code,
                milliseconds=round(took * 1000, 1), request_id=request_id(),
            )  # fmt: skip
        return response
