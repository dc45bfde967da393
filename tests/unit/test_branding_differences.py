"""What differs between two versions of a document."""

from __future__ import annotations

import pytest

from app.branding.differences import Fate, passages

OLD = """## How long

We keep it
for a year.

- your address
- your choices, for a year

| What | Why |
|---|---|
| letters | you asked |
"""


def told(older, newer):
    return [(each.fate, each.markdown) for each in passages(older, newer) if each.fate is not Fate.KEPT]


@pytest.mark.parametrize("newer", [OLD, OLD.replace("it\nfor", "it for"), "\n" + OLD.replace("\n\n", "\n\n\n")])
def test_where_lines_are_broken_is_no_difference(newer):
    assert told(OLD, newer) == []


def test_a_paragraph_is_removed_before_another_takes_its_place():
    assert told(OLD, OLD.replace("a year.", "two years.")) == [
        (Fate.REMOVED, "We keep it for a year."), (Fate.ADDED, "We keep it for two years.")
    ]  # fmt: skip


def test_of_a_list_the_entries_count_and_of_a_table_the_whole():
    newer = OLD.replace("choices, for a year", "choices").replace(
        "you asked |\n", "you asked |\n| calls | you asked |\n"
    )
    assert told(OLD, newer) == [
        (Fate.REMOVED, "- your choices, for a year\n\n| What | Why |\n|---|---|\n| letters | you asked |"),
        (Fate.ADDED, "- your choices\n\n| What | Why |\n|---|---|\n| letters | you asked |\n| calls | you asked |"),
    ]


def test_what_is_kept_stands_together():
    kept = [each.markdown for each in passages(OLD, OLD + "\nOne more.\n") if each.fate is Fate.KEPT]
    assert len(kept) == 1
    assert "- your address\n- your choices, for a year" in kept[0]
    assert told(OLD, OLD + "\nOne more.\n") == [(Fate.ADDED, "One more.")]
