"""No template says anything that the catalogues don't know; and the rule goes red on one that does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.wordless import words_outside_gettext

TEMPLATES = Path(__file__).parents[2] / "app" / "templates"


def test_the_templates_keep_the_rule():
    found = [path for path in TEMPLATES.rglob("*.*") if path.suffix in {".html", ".mjml", ".txt"}]
    assert len(found) > 30
    said = [words_outside_gettext(path.relative_to(TEMPLATES).as_posix(), path.read_text(encoding="utf-8"))
            for path in found]  # fmt: skip
    assert [words for each in said for words in each] == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("web/a.html", "<p>Hello</p>"),
        ("web/a.html", "{% block main %}<p>{{ _('Hello') }} and welcome</p>{% endblock %}"),
        ("web/a.html", "{% if site %}<p>{{ name }}, hello</p>{% endif %}"),
        ("web/a.html", '<input placeholder="Your name">'),
        ("web/a.html", '<button aria-label="Close {{ name }}">x</button>'),
        ("web/a.html", "{% macro line(words) %}<b>Error:</b> {{ words }}{% endmacro %}"),
        ("mail/a/body.mjml", "<mj-text>{{ name }} writes to you</mj-text>"),
        ("mail/a/text.txt", "{{ _('Leave') }} or stay: {{ link }}"),
        ("mail/a/text.txt", "{% set greeting %}Dear {{ name }}{% endset %}"),
    ],
)
def test_words_outside_gettext_are_found(path, source):
    assert len(words_outside_gettext(path, source)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("web/a.html", "{# Hello #}<!-- hello --><p class='lead'>{{ _('Hello') }}: 1 · x</p>"),
        ("web/a.html", '<meta name="viewport" content="width=device-width, initial-scale=1">'),
        ("web/a.html", '<a href="/camille/{{ path }}" title="{{ _(\'Hello\') }}">{{ name }}</a>'),
        ("mail/layout.mjml", "<mj-style>.button { color: red }</mj-style>"),
        ("dev/mailbox.html", "<p>Hello</p>"),
    ],
)
def test_what_nobody_reads_may_stand_there(path, source):
    assert words_outside_gettext(path, source) == []
