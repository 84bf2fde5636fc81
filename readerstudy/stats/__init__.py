"""Statistics of a reader study: pure functions over arrays and two tidy tables."""

from readerstudy.stats.analysis import analyse
from readerstudy.stats.errors import StatsError
from readerstudy.stats.frames import build_study
from readerstudy.stats.records import Analysis, Record
from readerstudy.stats.study import Study

__all__ = ["Analysis", "Record", "StatsError", "Study", "analyse", "build_study"]
