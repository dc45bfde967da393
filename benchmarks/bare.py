"""The baseline of decisions: a Flask route that parses and answers JSON of the same size, and does nothing else."""

from __future__ import annotations

from typing import Any

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

app = Flask("bare")

ANSWER: dict[str, Any] = {
    "allowed": True, "reason": "granted", "status": "granted", "since": "2026-03-03T10:00:00.123456Z",
    "frequency": None, "expires_at": None, "legal_basis": "consent", "evaluated_at": "2026-03-03T10:00:00.123456Z",
}  # fmt: skip


@app.post("/api/v1/decisions")
def decide() -> ResponseReturnValue:
    """Parse, and answer."""
    request.get_json()
    return jsonify(ANSWER)
