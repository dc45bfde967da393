"""Every key of a TOML file is found on its line, however it is written."""

from pathlib import Path

import pytest

from app.branding.mistakes import BrandError
from app.branding.toml_source import parse_toml

TEXT = '''# a comment, [not.a.table]
top = 1
dotted.key = { inline = "x" } # another
"quoted key" = """
[not.a.table]
fake = 1
"""

[table]
list = [
  "one", # [neither]
  { deep = 2 },
]

[[rows]]
name = "first"
[[rows]]
name = "second"
[rows.words]
en = "inner"
[[rows.parts]]
size = 1
[[rows.parts]]
size = 2
'''


@pytest.mark.parametrize(
    ("location", "line"),
    [
        (("top",), 2),
        (("dotted", "key"), 3),
        (("dotted", "key", "inline"), 3),
        (("quoted key",), 4),
        (("table",), 9),
        (("table", "list"), 10),
        (("table", "list", 1, "deep"), 10),
        (("rows", 0), 15),
        (("rows", 0, "name"), 16),
        (("rows", 1, "name"), 18),
        (("rows", 1, "words", "en"), 20),
        (("rows", 1, "parts", 0, "size"), 22),
        (("rows", 1, "parts", 1, "size"), 24),
        (("rows", 1, "missing"), 17),
        (("missing",), 1),
    ],
)
def test_a_key_is_found_on_its_line(location, line):
    assert parse_toml(TEXT, Path("x.toml")).line(location) == line


@pytest.mark.parametrize(("text", "line"), [("a = 1\nb =\n", 2), ("a = 1\na = 2\n", 2), ('a = 1\nb = """x\n', 2)])
def test_what_is_no_toml_names_its_line(text, line):
    with pytest.raises(BrandError) as caught:
        parse_toml(text, Path("x.toml"))
    assert caught.value.mistakes[0].line == line
