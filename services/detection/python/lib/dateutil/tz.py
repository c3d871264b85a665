from datetime import timedelta, timezone, tzinfo

UTC = timezone.utc


def tzutc():
    return UTC


def tzlocal():
    return UTC


def tzoffset(name, offset):
    seconds = offset.total_seconds() if isinstance(offset, timedelta) else offset or 0
    delta = timedelta(seconds=seconds)
    return timezone(delta, name) if name else timezone(delta)


def gettz(name=None):
    """UTC and its other names; None for a zone that is not known, as where no zone data is installed."""
    return UTC if name in (None, "", "UTC", "GMT", "Z", "Zulu", "Etc/UTC") else None


__all__ = ["UTC", "gettz", "tzinfo", "tzlocal", "tzoffset", "tzutc"]
