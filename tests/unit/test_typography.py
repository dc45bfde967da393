"""Words that must not break stay whole, and nothing else changes."""

import pytest
from markupsafe import Markup

from app.web.typography import unbroken


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("Weekly, by e-mail", 'Weekly, by <span class="unbroken">e-mail</span>'),
        ("Ihre E-Mail-Adresse", 'Ihre <span class="unbroken">E-Mail</span>-Adresse'),
        ("Two e-mails", 'Two <span class="unbroken">e-mails</span>'),
        ("Pre-e-mailing", 'Pre-<span class="unbroken">e-mailing</span>'),
        ("By post, forty-eight hours", "By post, forty-eight hours"),
    ],
)
def test_e_mail_is_kept_whole(text, whole):
    assert unbroken(text) == whole


def test_words_are_escaped_once():
    assert unbroken("<b>e-mail & co") == '&lt;b&gt;<span class="unbroken">e-mail</span> &amp; co'
    assert unbroken(Markup("<b>by post</b>")) == "<b>by post</b>"
