import re
from datetime import datetime, timedelta, timezone

__all__ = ["ParserError", "isoparse", "parse", "parserinfo"]


class ParserError(ValueError):
    pass


class parserinfo:  # noqa: N801
    pass


_MONTHS = {
    name: index + 1
    for index, names in enumerate(
        "jan january|feb february|mar march|apr april|may|jun june|jul july|aug august|sep sept september|oct october|nov november|dec december".split("|")
    )
    for name in names.split()
}
_DAYS = set("mon monday tue tues tuesday wed wednesday thu thur thurs thursday fri friday sat saturday sun sunday".split())
_ZONES = {"utc": 0, "gmt": 0, "z": 0, "zulu": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
_ISO = re.compile(
    r"(\d{4})-?(\d\d)(?:-?(\d\d))?(?:[T\s_]+(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?)?\s*(?:(Z|z|UTC|GMT)|([+-])(\d\d):?(\d\d)?)?(?:\s+UTC)?"
)
_TOKEN = re.compile(
    r"(?P<time>\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?\s*(?:[ap]\.?m\.?)?)|(?P<hour>\d{1,2}\s*[ap]m\b)|(?P<zone>(?<=[\d\s])[+-]\d\d:?\d\d)"
    r"|(?P<date>\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4})|(?P<number>\d+)(?:st|nd|rd|th)?|(?P<word>[A-Za-z]+\.?)|(?P<mark>[\s,/()-]+|T)",
    re.IGNORECASE,
)


def parse(timestr, parserinfo=None, *, default=None, ignoretz=False, tzinfos=None, dayfirst=False, yearfirst=False, fuzzy=False, **_):
    """The moment that a text names; `ParserError` when it names none."""
    if isinstance(timestr, (bytes, bytearray)):
        timestr = bytes(timestr).decode()
    elif hasattr(timestr, "read"):
        timestr = timestr.read()
    if not isinstance(timestr, str):
        raise TypeError(f"Parser must be a string or character stream, not {type(timestr).__name__}")
    text = timestr.strip()
    if not text:
        raise ParserError("String does not contain a date: %s" % timestr)
    try:
        moment = _iso(text) or _free(text, default, tzinfos, dayfirst, yearfirst, fuzzy)
    except (ValueError, OverflowError) as error:
        if isinstance(error, ParserError):
            raise
        raise ParserError(f"{error}: {timestr}") from error
    return moment.replace(tzinfo=None) if ignoretz else moment


def isoparse(dt_str):
    text = dt_str.decode() if isinstance(dt_str, bytes) else dt_str
    found = _iso(text.strip())
    if found is None:
        raise ValueError(f"Invalid isoformat string: {dt_str!r}")
    return found


def _iso(text):
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zulu, sign, zone_hour, zone_minute = found.groups()
    if day is None and "-" not in text:
        return None
    zone = timezone.utc if zulu or text.endswith("UTC") else None
    if sign:
        offset = timedelta(hours=int(zone_hour), minutes=int(zone_minute or 0))
        zone = timezone(-offset if sign == "-" else offset) if offset else timezone.utc
    return datetime(int(year), int(month), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0), _micro(fraction), zone)


def _micro(fraction):
    return int((fraction or "0")[:6].ljust(6, "0"))


def _free(text, default, tzinfos, dayfirst, yearfirst, fuzzy):
    given = {}
    numbers = []
    zone = None
    seen = False
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            if not fuzzy:
                raise ParserError("Unknown string format: %s" % text)
            at += 1
            continue
        at = found.end()
        kind, piece = found.lastgroup, found.group().strip()
        word = piece.lower().rstrip(".")
        if kind == "mark":
            continue
        if kind in ("time", "hour"):
            seen = True
            given.update(_time(piece))
        elif kind == "zone":
            digits = piece[1:].replace(":", "")
            offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
            zone = timezone(-offset if piece[0] == "-" else offset)
        elif kind == "date":
            seen = True
            numbers.extend(re.split(r"[/.-]", piece))
        elif kind == "number":
            seen = True
            numbers.append(found.group("number"))
        elif word in _MONTHS:
            seen = True
            given["month"] = _MONTHS[word]
        elif word in _ZONES:
            zone = timezone(timedelta(hours=_ZONES[word])) if _ZONES[word] else timezone.utc
        elif tzinfos and piece in tzinfos:
            offset = tzinfos[piece]
            zone = timezone(timedelta(seconds=offset)) if isinstance(offset, (int, float)) else offset
        elif word not in _DAYS and word not in ("t", "at", "on", "of", "and") and not fuzzy:
            raise ParserError("Unknown string format: %s" % text)
    if not seen:
        raise ParserError("String does not contain a date: %s" % text)
    given.update(_date(numbers, "month" in given, dayfirst, yearfirst, text))
    start = default or datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
    moment = start.replace(**given)
    return moment if zone is None else moment.replace(tzinfo=zone)


def _time(piece):
    lower = piece.lower().replace(".m", "m").rstrip(". ")
    half = lower[-2:] if lower.endswith(("am", "pm")) else ""
    parts = lower[: len(lower) - len(half)].strip().split(":")
    hour = int(parts[0])
    if half:
        if not 1 <= hour <= 12:
            raise ParserError("Invalid hour specified for 12-hour clock: %s" % piece)
        hour = hour % 12 + (12 if half == "pm" else 0)
    second, _, fraction = (parts[2] if len(parts) > 2 else "0").replace(",", ".").partition(".")
    return {"hour": hour, "minute": int(parts[1]) if len(parts) > 1 else 0, "second": int(second), "microsecond": _micro(fraction)}


def _date(numbers, month_named, dayfirst, yearfirst, text):
    if len(numbers) == 1 and len(numbers[0]) in (8, 14) and not month_named:
        digits = numbers[0]
        found = {"year": int(digits[:4]), "month": int(digits[4:6]), "day": int(digits[6:8])}
        if len(digits) == 14:
            found.update(hour=int(digits[8:10]), minute=int(digits[10:12]), second=int(digits[12:14]))
        return found
    if len(numbers) > (2 if month_named else 3):
        raise ParserError("Unknown string format: %s" % text)
    years = [each for each in numbers if len(each) > 2 or int(each) > 31]
    others = [int(each) for each in numbers if each not in years]
    if not years and len(numbers) == (2 if month_named else 3):
        years = [numbers[0] if yearfirst else numbers[-1]]
        others = [int(each) for each in (numbers[1:] if yearfirst else numbers[:-1])]
    if len(years) > 1:
        raise ParserError("Unknown string format: %s" % text)
    found = {}
    if years:
        year = int(years[0])
        found["year"] = year if len(years[0]) > 2 else year + (1900 if year >= 69 else 2000)
    if month_named:
        if others:
            found["day"] = others[0]
    elif len(others) == 2:
        first, second = others
        first_is_day = first > 12 or (dayfirst and second <= 12 and not (years and numbers[0] == years[0]))
        found["day"], found["month"] = (first, second) if first_is_day else (second, first)
    elif len(others) == 1:
        found["month" if years else "day"] = others[0]
    return found
