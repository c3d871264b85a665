"""A small reader of dates, for what logs and AWS write."""

from . import parser, relativedelta, tz

__all__ = ["parser", "relativedelta", "tz"]
