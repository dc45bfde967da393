"""Structured logs of the courier, without personal data and without the web framework."""

from __future__ import annotations

import logging
import sys
import traceback

import structlog


def configure(*, as_json: bool) -> None:
    """Set structlog up once for the process; tracebacks, whose messages and locals hold addresses, are never shown."""
    renderer = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # Their lines repeat ours, with the tracebacks of jobs that are tried again and a line for each lost connection.
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)


def describe(fault: BaseException) -> str:
    """Say what went wrong and where, without the fault's message: `KeyError at composer.py:40`."""
    frames = traceback.extract_tb(fault.__traceback__)
    where = f" at {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
    return f"{type(fault).__name__}{where}"
