"""What a running Parley consists of: settings, brands, keys and a database, put together once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.branding.fonts import Typefaces
from app.branding.loader import check, load
from app.db import Database, Session
from app.kit.digests import Digester
from app.kit.hashing import Hasher
from app.kit.sealing import Sealer
from app.kit.signing import Signer

if TYPE_CHECKING:
    from app.branding.models import SiteGroup
    from app.config import Settings

_KEY = "parley.environment"


@dataclass(frozen=True, eq=False)
class Environment:
    """The parts that every service may need; each session carries it, see `environment`."""

    settings: Settings
    group: SiteGroup
    digester: Digester
    sealer: Sealer
    signer: Signer
    hasher: Hasher
    database: Database
    typefaces: Typefaces

    @classmethod
    def build(
        cls, settings: Settings, database_url: str, group: SiteGroup | None = None, database: type[Database] = Database
    ) -> Environment:
        """Put a Parley together for `settings` on the database at `database_url` (application role).

        Opens no connection; another kind of `database` may. Raises what `read_group` does.
        """
        info: dict[str, object] = {}
        built = cls(
            settings=settings,
            group=group or read_group(settings),
            digester=Digester(settings.digest_keys),
            sealer=Sealer(settings.sealing_keys),
            signer=Signer(settings.secret_keys, settings.leave_keys),
            hasher=Hasher(settings.parallel_hashes),
            database=database(database_url, pool_size=settings.threads_per_worker + 2, info=info),
            typefaces=Typefaces.read(settings.fonts_path),
        )
        info[_KEY] = built
        return built

    def afresh(self, info: dict[str, object]) -> Environment:
        """Give the same parts as another environment, for which services remember nothing of the database yet.

        Sessions that begin from now on with `info` belong to it.
        """
        again = replace(self)
        info[_KEY] = again
        return again


def read_group(settings: Settings) -> SiteGroup:
    """Read the brand folder, or raise `branding.loader.BrandError` where it has mistakes: nothing starts on them.

    A published text that was changed is one; in production also a text that is not published, since people would agree
    to words that may still change.
    """
    return (check if settings.is_production else load)(settings.brands_dir)


def environment(session: Session) -> Environment:
    """Give the environment that `session` belongs to."""
    found: Environment = session.info[_KEY]
    return found
