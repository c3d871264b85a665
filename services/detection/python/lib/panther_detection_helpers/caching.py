"""Counters, sets of text and dictionaries that rules share and that outlive an event.

Everything is served from this process's memory. What is written is remembered with the event that wrote it and becomes lasting
together with the event: an event that was known already changes nothing.
"""

import json
import time
from collections.abc import Mapping, Sequence

import tripline_cache as _cache

__all__ = [
    "add_to_string_set",
    "check_account_age",
    "evaluate_threshold",
    "get_counter",
    "get_dictionary",
    "get_string_set",
    "increment_counter",
    "put_dictionary",
    "put_string_set",
    "remove_from_string_set",
    "reset_counter",
    "reset_string_set",
    "set_key_expiration",
]

_DAYS_90 = 90 * 24 * 3600


def _expiry(epoch_seconds):
    """The moment a key ends: small numbers are durations from now, large ones moments; None is no say."""
    if epoch_seconds is None:
        return None
    if isinstance(epoch_seconds, str):
        try:
            epoch_seconds = float(epoch_seconds)
        except ValueError as error:
            raise ValueError(f"epoch_seconds: given {epoch_seconds!r}; allowed: a number") from error
    if isinstance(epoch_seconds, bool) or not isinstance(epoch_seconds, (int, float)):
        raise TypeError(f"epoch_seconds: given {type(epoch_seconds).__name__}; allowed: a number")
    return float(epoch_seconds) if epoch_seconds >= 1_000_000_000 else time.time() + epoch_seconds


def _texts(val):
    if isinstance(val, str):
        return [val]
    if not isinstance(val, (Sequence, set, frozenset)) or not all(isinstance(each, str) for each in val):
        raise TypeError(f"given {type(val).__name__}; allowed: text, or several")
    return sorted(set(val))


def get_counter(key, force_ttl_check=False):
    return _cache.read(key, "n") or 0


def increment_counter(key, val=1, epoch_seconds=_DAYS_90):
    _cache.write(key, ["add", int(val), _expiry(epoch_seconds)])
    return get_counter(key)


def reset_counter(key):
    _cache.write(key, ["drop"])


def set_key_expiration(key, epoch_seconds):
    _cache.write(key, ["until", _expiry(epoch_seconds)])


def get_string_set(key, force_ttl_check=False):
    return set(_cache.read(key, "s") or ())


def put_string_set(key, val, epoch_seconds=None):
    texts = _texts(val)
    _cache.write(key, ["drop"])
    if texts:
        _cache.write(key, ["join", texts, _expiry(epoch_seconds)])


def add_to_string_set(key, val, epoch_seconds=_DAYS_90):
    texts = _texts(val)
    if texts:
        _cache.write(key, ["join", texts, _expiry(epoch_seconds)])
    return get_string_set(key)


def remove_from_string_set(key, val, epoch_seconds=_DAYS_90):
    texts = _texts(val)
    if texts:
        _cache.write(key, ["leave", texts, _expiry(epoch_seconds)])
    return get_string_set(key)


def reset_string_set(key):
    _cache.write(key, ["drop"])


def get_dictionary(key, force_ttl_check=False):
    found = _cache.read(key, "d")
    return {} if found is None else json.loads(found)


def put_dictionary(key, val, epoch_seconds=None):
    if not isinstance(val, Mapping):
        raise TypeError(f"put_dictionary was given {type(val).__name__}; allowed: a mapping")
    try:
        text = json.dumps(val, default=_cache.plain)
    except TypeError as error:
        raise ValueError(f"put_dictionary: {error}") from error
    _cache.write(key, ["put", text, _expiry(epoch_seconds)])


def evaluate_threshold(key, threshold=10, expiry_seconds=3600):
    hits = increment_counter(key, 1, expiry_seconds if get_counter(key) == 0 else None)
    if hits < threshold:
        return False
    reset_counter(key)
    return True


def check_account_age(key):
    return isinstance(key, str) and key != "" and bool(get_string_set(key))
