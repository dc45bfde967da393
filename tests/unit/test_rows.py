"""Rows out of a stream of bytes, whatever is in it."""

from __future__ import annotations

import pytest

from app.kit import rows
from app.kit.rows import LONGEST_ROW, Lines, UnreadableFile


def read(content: bytes, size: int = 7):
    """Read a table in small pieces."""
    header = rows.read_header(Lines(pieces(content, size)))
    return list(rows.csv_rows(Lines(pieces(content[header.end :], size), header.end, header.next_line), header))


def pieces(content: bytes, size: int = 7):
    return [content[at : at + size] for at in range(0, len(content), size)]


def told(content: bytes):
    return [(row.line, row.fault.code if row.fault else dict(row.cells)) for row in read(content)]


def test_quotes_line_ends_and_blank_lines():
    content = b'\xef\xbb\xbfEmail,Note\r\na@example.com,"one, ""two""\nthree"\r\n\r\nb@example.com,\n'
    assert told(content) == [
        (2, {"email": "a@example.com", "note": 'one, "two"\nthree'}),
        (5, {"email": "b@example.com", "note": ""}),
    ]


@pytest.mark.parametrize("delimiter", [b",", b";", b"\t", b"|"])
def test_the_delimiter_is_read_from_the_first_line(delimiter):
    assert told(delimiter.join([b"a", b"b"]) + b"\n" + delimiter.join([b"1", b"2"])) == [(2, {"a": "1", "b": "2"})]


def test_what_is_wrong_with_a_row_is_told_and_the_others_are_read():
    content = b'a,b\n1,\xff\n2,\0\n3,"x\n4,y\n5,"z" w\n6,7,8\n9,10,,\n' + b"x" * (LONGEST_ROW + 9) + b"\n11,12"
    assert told(content) == [
        (2, "encoding"), (3, "nul"), (4, "too_long"), (5, {"a": "4", "b": "y"}), (6, "malformed"), (7, "malformed"),
        (8, {"a": "9", "b": "10"}), (9, "too_long"), (10, {"a": "11", "b": "12"}),
    ]  # fmt: skip


def test_a_quote_that_is_never_closed_costs_one_row_alone():
    content = b'a,b\n1,"x\n' + b"2,y\n" * 40_000
    found = read(content, 65_536)
    assert [row.fault.code for row in found if row.fault] == ["too_long"]
    assert len(found) == 40_001


def test_reading_goes_on_after_any_row():
    content = b'a,b\n1,"x\ny"\n2,"z\n3,' + b"w" * (LONGEST_ROW + 1) + b"\n\n4,v\n5,u"
    header, found = rows.read_header(Lines([content])), read(content, 1000)
    for at, row in enumerate(found, start=1):
        rest = Lines(pieces(content[row.end :]), row.end, row.next_line)
        assert list(rows.csv_rows(rest, header)) == found[at:]
    assert [content[row.start : row.end].strip()[:1] for row in found] == [b"1", b"2", b"3", b"4", b"5"]


@pytest.mark.parametrize(("content", "words"), [
    (b"", "empty"), (b"\n1,2", "empty"), ("a,b\n".encode("utf-16"), "UTF-16"), (b"\xe9,b\n", "UTF-8"),
    (b'a,"b\n', "quotes"), (b"a,\0\n", "NUL"), (b"," * 501, "columns"),
])  # fmt: skip
def test_a_first_line_that_is_none(content, words):
    with pytest.raises(UnreadableFile, match=words):
        read(content)


def test_a_file_without_a_first_line_has_its_columns_from_elsewhere():
    header = rows.read_header(Lines([b"\xef\xbb\xbfa@example.com\n"]), names=["email"])
    assert (header.columns, header.end, header.next_line) == (("email",), 3, 1)


def test_a_list_is_read_line_by_line_whatever_stands_in_it():
    content = b'\xef\xbb\xbf"A. B, C" <a@example.com>\r\n\n"b\n\xff\nc\0\n' + b"x" * (LONGEST_ROW + 1) + b"\nd, e"
    header = rows.read_header(Lines([content]), names=["EMail"])
    found = list(rows.list_rows(Lines([content[header.end :]], header.end, header.next_line), header))
    assert [(row.line, row.fault.code if row.fault else row.cells["email"]) for row in found] == [
        (1, '"A. B, C" <a@example.com>'), (3, '"b'), (4, "encoding"), (5, "nul"), (6, "too_long"), (7, "d, e"),
    ]  # fmt: skip
    rest = Lines([content[found[1].end :]], found[1].end, found[1].next_line)
    assert list(rows.list_rows(rest, header)) == found[2:]


def test_json_lines():
    content = (
        b'\xef\xbb\xbf{"Email": "a@example.com", "n": 1, "t": true, "x": null, "evidence": {"till": "3"}}\n\n'
        b'[1]\n{"a": [1]}\n{"a": {"b": 1}}\n{"a": "\\u0000"}\n{"a": "\\ud800"}\n' + b"[" * 30_000 + b"\n\xff\n"
        b'{"evidence": {"a": {"b": 1}}}\n{"a": ' + b"1" * 5_000 + b"}\n{"
    )
    found = list(rows.json_rows(Lines(pieces(content))))
    assert dict(found[0].cells) == {"email": "a@example.com", "n": "1", "t": "true", "evidence.till": "3"}
    assert [(row.line, row.fault.code) for row in found[1:]] == [
        (3, "malformed"), (4, "malformed"), (5, "malformed"), (6, "nul"), (7, "encoding"), (8, "malformed"),
        (9, "encoding"), (10, "malformed"), (11, "malformed"), (12, "malformed"),
    ]  # fmt: skip


def test_what_a_file_is():
    assert rows.guess_format("a.csv", b"email") == "csv"
    assert rows.guess_format("a.jsonl", b"") == "ndjson"
    assert rows.guess_format("a", b'\xef\xbb\xbf {"a"') == "ndjson"
