import calendar
from datetime import date, timedelta


class relativedelta:  # noqa: N801
    """Years and months by the calendar, the rest by the clock; singular names set a part, plural ones move it."""

    _set = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    _moved = ("days", "hours", "minutes", "seconds", "microseconds")

    def __init__(self, dt1=None, dt2=None, *, years=0, months=0, weeks=0, **parts):
        unknown = set(parts) - set(self._set) - set(self._moved)
        if unknown:
            raise TypeError(f"relativedelta: given {', '.join(sorted(unknown))}; allowed: {', '.join(self._set + self._moved)}")
        self.months_all = int(years) * 12 + int(months)
        self.fixed = {name: value for name, value in parts.items() if name in self._set and value is not None}
        self.delta = timedelta(weeks=weeks, **{name: value for name, value in parts.items() if name in self._moved})
        if dt1 is not None and dt2 is not None:
            self.months_all = (dt1.year - dt2.year) * 12 + dt1.month - dt2.month
            step = 1 if dt1 < dt2 else -1
            while self.months_all * -step > 0 and ((dt2 + relativedelta(months=self.months_all)) > dt1) == (step == -1) and dt1 != dt2 + relativedelta(months=self.months_all):
                self.months_all += step
            self.delta = dt1 - (dt2 + relativedelta(months=self.months_all))

    @property
    def years(self):
        return int(self.months_all / 12)

    @property
    def months(self):
        return self.months_all - self.years * 12

    @property
    def days(self):
        return int(self.delta.total_seconds() / 86_400)

    def _rest(self):
        return self.delta - timedelta(days=self.days)

    @property
    def hours(self):
        return int(self._rest().total_seconds() / 3_600)

    @property
    def minutes(self):
        return int(self._rest().total_seconds() / 60) - self.hours * 60

    @property
    def seconds(self):
        return int(self._rest().total_seconds()) - self.hours * 3_600 - self.minutes * 60

    def __add__(self, other):
        if isinstance(other, relativedelta):
            made = relativedelta(months=self.months_all + other.months_all)
            made.delta, made.fixed = self.delta + other.delta, {**self.fixed, **other.fixed}
            return made
        if not isinstance(other, date):
            return NotImplemented
        index = other.year * 12 + other.month - 1 + self.months_all
        year = self.fixed.get("year", index // 12)
        month = self.fixed.get("month", index % 12 + 1)
        day = min(self.fixed.get("day", other.day), calendar.monthrange(year, month)[1])
        rest = {name: value for name, value in self.fixed.items() if name not in ("year", "month", "day")}
        return other.replace(year=year, month=month, day=day, **rest) + self.delta

    __radd__ = __add__

    def __neg__(self):
        made = relativedelta(months=-self.months_all)
        made.delta, made.fixed = -self.delta, self.fixed
        return made

    def __sub__(self, other):
        return self + -other if isinstance(other, relativedelta) else NotImplemented

    def __rsub__(self, other):
        return -self + other

    def __eq__(self, other):
        return isinstance(other, relativedelta) and (self.months_all, self.delta, self.fixed) == (other.months_all, other.delta, other.fixed)

    __hash__ = None

    def __repr__(self):
        return f"relativedelta(years={self.years}, months={self.months}, days={self.days}, hours={self.hours}, minutes={self.minutes}, seconds={self.seconds})"
