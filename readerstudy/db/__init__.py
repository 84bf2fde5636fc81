"""The only package that imports sqlalchemy."""

from sqlalchemy.orm import Session

from readerstudy.db.engine import Database

__all__ = ["Database", "Session"]
