"""Settings, and what they refuse."""

from __future__ import annotations

import json

import pytest

from app.config import KEY_LISTS, Settings
from app.errors import SettingsError

KEYS = {f"PARLEY_{name.upper()}": f"{name}-{'x' * 32}" for name in KEY_LISTS}
PRODUCTION = {
    **KEYS,
    "PARLEY_ENV": "production",
    "PARLEY_PUBLIC_URL": "https://consent.example.com/",
    "DATABASE_URL": "postgresql://parley_app@db/parley",
}


def load(tmp_path, **environ):
    return Settings.load({"PARLEY_INSTANCE": str(tmp_path), **environ})


def test_development_makes_keys_once_and_keeps_them(tmp_path):
    first, second = load(tmp_path / "new"), load(tmp_path / "new")
    assert first.ledger_keys == second.ledger_keys
    assert (tmp_path / "new" / "secrets.json").stat().st_mode & 0o077 == 0


def test_production_needs_every_secret(tmp_path):
    for name in KEYS:
        environ = {key: value for key, value in PRODUCTION.items() if key != name}
        with pytest.raises(SettingsError, match=name):
            load(tmp_path, **environ)
    assert load(tmp_path, **PRODUCTION).origin == "https://consent.example.com"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"PARLEY_LEAVE_KEYS": "short"}, "PARLEY_LEAVE_KEYS has a key under 32 bytes"),
        ({"PARLEY_LEAVE_KEYS": KEYS["PARLEY_SECRET_KEYS"]}, "repeats a key"),
        ({"PARLEY_LEAVE_KEYS": f"{'y' * 40},{'y' * 40}"}, "PARLEY_LEAVE_KEYS repeats a key"),
        ({"PARLEY_PUBLIC_URL": "http://consent.example.com"}, "PARLEY_PUBLIC_URL must be an https address"),
        ({"DATABASE_URL": ""}, "DATABASE_URL is required"),
        ({"PARLEY_ENV": "staging"}, "PARLEY_ENV"),
        ({"PORT": "many"}, "PORT"),
    ],
)
def test_production_refuses_what_is_weak_and_names_it(tmp_path, changes, words):
    with pytest.raises(SettingsError, match=words):
        load(tmp_path, **{**PRODUCTION, **changes})


def test_a_refusal_never_prints_a_secret(tmp_path):
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, **{**PRODUCTION, "PARLEY_LEAVE_KEYS": "hunter2"})
    assert "hunter2" not in str(refused.value)


def test_a_string_where_a_list_is_due_is_refused(tmp_path):
    (tmp_path / "parley.toml").write_text(f'ledger_keys = "{"z" * 40}"')
    with pytest.raises(SettingsError, match="PARLEY_LEDGER_KEYS must be a list"):
        load(tmp_path)


@pytest.mark.parametrize(("text", "words"), [("port = ", "parley.toml"), ("prot = 1", "is no setting")])
def test_mistakes_in_the_file_are_told(tmp_path, text, words):
    (tmp_path / "parley.toml").write_text(text)
    with pytest.raises(SettingsError, match=words):
        load(tmp_path)


def test_the_environment_wins_over_the_file(tmp_path):
    (tmp_path / "parley.toml").write_text("port = 1\nworkers = 7")
    settings = load(tmp_path, PORT="2")
    assert (settings.port, settings.workers, settings.origin) == (2, 7, "http://localhost:2")


def test_the_file_names_the_kind_of_environment_as_the_variable_does(tmp_path):
    (tmp_path / "parley.toml").write_text('env = "production"')
    with pytest.raises(SettingsError, match="is required"):
        load(tmp_path)


def test_key_lists_come_newest_last(tmp_path):
    settings = load(tmp_path, PARLEY_SECRET_KEYS=f"{'a' * 32}, {'b' * 32}")
    assert settings.secret_keys == ("a" * 32, "b" * 32)
    assert "secret_keys" in json.loads((tmp_path / "secrets.json").read_text())
