"""Print the SQL of all migrations, from nothing to the newest, for the linter of migrations."""

import sys

from alembic import command

from app.commands.database import migration_config

config = migration_config("postgresql://", "postgresql://parley_app@")
config.output_buffer = sys.stdout
command.upgrade(config, "head", sql=True)
