"""The contracts of the floors hold; and they go red on an import that points up or sideways."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECK = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CHECK, "--no-cache"], cwd=folder, env={"PYTHONPATH": str(folder)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def copy(tmp_path):
    """Give a copy of the sources that a test may break."""
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__", "static", "templates"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_hold():
    outcome = lint(ROOT)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("app/kit/stray.py", "import app.models", "Floors"),
        ("app/stray.py", "", "Floors"),
        ("app/kit/stray.py", "import sqlalchemy", "Brands and small helpers know no database"),
        ("app/models/stray.py", "import flask", "Nothing below http"),
        ("app/web/stray.py", "import sqlalchemy", "SQL lives in services and models"),
    ],
)
def test_a_broken_import_is_found(copy, module, line, contract):
    (copy / module).write_text(f"{line}\n")
    outcome = lint(copy)
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert contract in outcome.stdout


def test_every_surface_is_kept_from_sql():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    named = next(contract["source_modules"] for contract in contracts if contract["name"].startswith("SQL lives"))
    surfaces = {"web", "embed", "api", "oidc", "console", "courier", "http", "flows"}
    there = {f"app.{name}" for name in surfaces if (ROOT / "app" / name / "__init__.py").exists()}
    assert there <= set(named)
