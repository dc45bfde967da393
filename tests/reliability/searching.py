"""A search for words in whatever form they may be written, in a dump of everything and in files."""

from __future__ import annotations

import json
import re
import subprocess
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

from app.embedded import programs
from app.kit.sealing import Sealer

SEALED = re.compile(rb"\\\\x(67414141[0-9a-f]+)")
"""What is sealed begins with `gAAA`; a dump writes bytes in hexadecimal."""
ROWS = re.compile(rb"^COPY (\S+) \(.*?\) FROM stdin;\n(.*?)^\\\.$", re.MULTILINE | re.DOTALL)


def dump(url: str, sealer: Sealer) -> dict[str, str]:
    """Give all rows of each table as pg_dump writes them, with what is sealed opened; and "" has the whole dump."""
    words = [programs.program("pg_dump"), f"--dbname={url}", "--no-password"]
    written = subprocess.run(words, capture_output=True, check=True).stdout
    found = {"": written.decode()}
    for table, rows in ROWS.findall(written):
        opened = [_readable(sealer.open_bytes(bytes.fromhex(each.decode()))) for each in SEALED.findall(rows)]
        found[table.decode().removeprefix("public.")] = "\n".join([rows.decode(), *opened])
    return found


def files(folder: Path) -> dict[str, str]:
    """Read all files under a folder; what is sealed in them stays so."""
    return {str(each.relative_to(folder)): each.read_text(errors="replace")
            for each in sorted(folder.rglob("*")) if each.is_file()}  # fmt: skip


def hits(places: Mapping[str, str], words: Iterable[str]) -> set[tuple[str, str]]:
    """List the places and words where a word is found, however it is written."""
    forms = {word: set(_forms(word)) for word in words}
    return {
        (place, word)
        for place, text in places.items()
        for folded in [text.casefold()]
        for word, written in forms.items()
        if any(form in folded for form in written)
    }  # fmt: skip


def _forms(word: str) -> Iterator[str]:
    """Give a word as it may be written: plainly, escaped for URLs and JSON, in base64 and in hexadecimal."""
    plain = {word, json.dumps(word)[1:-1], json.dumps(word, ensure_ascii=False)[1:-1], quote(word, safe=""),
             quote_plus(word), repr(word.encode())[2:-1]}  # fmt: skip
    yield from (each.casefold() for each in plain)
    for encode in (b64encode, urlsafe_b64encode):
        for before in range(3):  # what stands before it shifts the letters
            yield encode(b"\0" * before + word.encode())[(0, 2, 3)[before] : -4].decode().casefold()
    yield word.encode().hex()


def _readable(opened: bytes) -> str:
    return opened.decode(errors="replace")
