"""Templates compiled once for all applications of a test run: some tests make an application of their own."""

from __future__ import annotations

from jinja2.bccache import Bucket, BytecodeCache

from app.http.application import Application


class Kept(BytecodeCache):
    """Keeps compiled templates in memory, by name and source."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], object] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was compiled before."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled now."""
        self._codes[bucket.key, bucket.checksum] = bucket.code


def compile_once() -> None:
    """Let every application of this process share its compiled templates."""
    Application.jinja_options = {**Application.jinja_options, "bytecode_cache": Kept()}
