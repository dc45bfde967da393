"""Declarative base, column types, and the names given to constraints."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, LargeBinary, MetaData, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

Json = dict[str, Any]
Digest = Annotated[bytes, mapped_column(LargeBinary)]
DigestKey = Annotated[bytes, mapped_column(LargeBinary, primary_key=True)]
IdKey = Annotated[uuid.UUID, mapped_column(primary_key=True)]


class Base(DeclarativeBase):
    """Base of all records. Times are `timestamptz` in UTC, texts are `text`."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this class attribute, which is never changed
        str: Text(),
        bytes: LargeBinary(),
        datetime: DateTime(timezone=True),
        int: BigInteger(),
        uuid.UUID: Uuid(),
        Json: JSONB(),
    }
