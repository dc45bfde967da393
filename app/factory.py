"""Composes an application from settings. Nobody imports from here but the server and the tests."""

from __future__ import annotations

from werkzeug.middleware.proxy_fix import ProxyFix

from app import api, embed, hooks, oidc
from app.config import Settings
from app.embedded import embedded_cluster
from app.environment import Environment
from app.http import assets, compression, headers, health, logs
from app.http.application import Application
from app.http.context import locale
from app.http.extensions import babel, limiter, login_manager
from app.web import routes as web

BODY_LIMIT = 64 * 1024
"""Bytes of the largest body a page or a single question may send."""


def create_app(settings: Settings | None = None, environment: Environment | None = None) -> Application:
    """Build the WSGI application; settings are read from the environment when none are given.

    Opens no connection, so it starts while the database is still away. Raises `SettingsError`, and `BrandError` when
    a brand folder has mistakes.
    """
    settings = settings or Settings.load()
    environment = environment or Environment.build(settings, _database_url(settings))
    app = Application("app")
    app.config.update(_configuration(settings))
    app.extensions["parley"] = environment
    _proxies(app, settings)
    logs.configure(as_json=settings.is_production)
    babel.init_app(app, locale_selector=locale)
    limiter.init_app(app)
    login_manager.init_app(app, add_context_processor=False)
    logs.install(app)
    # Hooks after a request run from the last to the first: headers come before compression.
    compression.install(app)
    headers.install(app)
    assets.install(app)
    app.register_blueprint(health.blueprint)
    web.register(app)
    embed.register(app)
    api.register(app)
    oidc.register(app)
    hooks.register(app)
    return app


def _configuration(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_keys[-1],
        "SECRET_KEY_FALLBACKS": list(settings.secret_keys[:-1]),
        "MAX_CONTENT_LENGTH": BODY_LIMIT,
        "MAX_FORM_MEMORY_SIZE": BODY_LIMIT,
        "RATELIMIT_STORAGE_URI": settings.ratelimit_storage,
        "BABEL_TRANSLATION_DIRECTORIES": "translations",
        "BABEL_DEFAULT_TIMEZONE": "UTC",
        "WTF_CSRF_TIME_LIMIT": None,
    }


def _database_url(settings: Settings) -> str:
    if settings.database_url is not None:
        return settings.database_url
    cluster = embedded_cluster(settings)
    if cluster is None:
        raise AssertionError("settings without a database name the embedded one")
    return cluster.application_url


def _proxies(app: Application, settings: Settings) -> None:
    # The address of the client is believed only as far as proxies of ours vouch for it; links never use Host.
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign]
