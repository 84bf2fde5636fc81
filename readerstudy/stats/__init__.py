"""Statistics of a reader study: pure functions over arrays and two tidy tables."""

from readerstudy.stats.analysis import analyse
from readerstudy.stats.errors import StatsError
from readerstudy.stats.input.frames import build_study
from readerstudy.stats.input.study import Study
from readerstudy.stats.records import Analysis, Record

__all__ = ["Analysis", "Record", "StatsError", "Study", "analyse", "build_study"]
