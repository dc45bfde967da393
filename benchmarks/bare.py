"""The baselines: Flask routes that answer JSON or a page of the same size as Parley's, and do nothing else."""

from __future__ import annotations

from typing import Any

from flask import Flask, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from jinja2 import DictLoader

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


PAGE = """<!doctype html>
<html lang="en"><title>Bare</title>
<form method="post">
{%- for item in items %}
<div class="topic">
  <h3 class="topic-name" id="topic-{{ item.id }}">{{ item.name }}</h3>
  <p class="description">{{ item.text }}</p>
  <span class="channel-name" id="{{ item.id }}-name">{{ item.label }}</span>
  <button class="switch" type="submit" role="switch" id="{{ item.id }}"
   name="set" value="{{ item.id }}={{ 'off' if item.is_on else 'on' }}"
   aria-checked="{{ 'true' if item.is_on else 'false' }}"
   aria-labelledby="topic-{{ item.id }} {{ item.id }}-name"
   aria-describedby="{{ item.id }}-more">
   <span class="state" aria-hidden="true">{{ 'On' if item.is_on else 'Off' }}</span></button>
  <p class="line" id="{{ item.id }}-more">{{ item.line }}</p>
</div>
{%- endfor %}
</form>
"""
app.jinja_loader = DictLoader({"page.html": PAGE})  # compiled once, as files are


@app.get("/page")
def page() -> ResponseReturnValue:
    """Render a page of so many items and about so many bytes."""
    count, size = request.args.get("items", 30, int), request.args.get("bytes", 60_000, int)
    text = "What we are cutting, and why it took so long. " * (size // count // 46 + 1)
    items = [
        {"id": f"item-{number}", "name": "Letters", "label": "Weekly, by e-mail", "is_on": number % 2 == 0,
         "text": text[: size // count - 560], "line": "Yes since 3 March 2026, by e-mail, confirmed from your inbox."}
        for number in range(count)
    ]  # fmt: skip
    return render_template("page.html", items=items)
