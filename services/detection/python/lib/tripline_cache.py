"""The memory behind the cache helper: what the store said last, with what was written since and is not settled there yet.

An entry is `[kind, value, until]`: a number ("n"), a sorted list of texts ("s") or JSON text ("d"), and the moment it ends, or None.
"""

import time

from panther_core.immutable import plain  # noqa: F401

_longest_key = 1_000
_most_letters = 256 * 1024
_most_writes = 100

_settled = {}  # key -> entry, as the store has it
_waiting = {}  # ticket -> [[key, op], …], not settled yet
_now = {}  # key -> entry: settled with everything that waits
_record = None  # the writes of the call at hand; None where nothing may be written
_keeps = False  # whether somebody settles what is written


class CacheError(RuntimeError):
    pass


def begin(writes, keeps):
    """From here on what is written goes to this list; None refuses writing."""
    global _record, _keeps
    _record, _keeps = writes, keeps


def read(key, kind):
    entry = _alive(_now.get(_named(key)))
    if entry is None:
        return None
    if entry[0] != kind:
        return None
    return entry[1]


def write(key, op):
    key = _named(key)
    if _record is None:
        raise CacheError("the cache was written to by a policy; allowed: rules, whose events are judged once")
    if len(_record) >= _most_writes:
        raise CacheError(f"the cache was written to more than {_most_writes} times for one event")
    entry = _apply(_alive(_now.get(key)), op)
    if entry is not None and _letters(entry) > _most_letters:
        raise CacheError(f"{key[:100]}: more than {_most_letters} characters; allowed: {_most_letters}")
    _record.append([key, op])
    _place(_now, key, entry)


def wait(ticket, writes):
    """These writes hold until the store has settled them. Without a store they hold at once."""
    if _keeps:
        _waiting.setdefault(ticket, []).extend(writes)
        return
    for key, _ in writes:
        if key in _now:
            _settled[key] = _now[key]
        else:
            _settled.pop(key, None)


def undo(writes):
    """The call that wrote these has failed: as if it had not been."""
    for key in {key for key, _ in writes}:
        _rebuild(key)


def refresh(entries, settled):
    """The store's word on some keys, null for those that are gone, and the tickets that it has dealt with."""
    touched = set()
    for ticket in settled:
        touched.update(key for key, _ in _waiting.pop(ticket, ()))
    for key, entry in entries:
        _place(_settled, key, entry)
        touched.add(key)
    for key in touched:
        _rebuild(key)


def fresh():
    """An empty memory for one test; call what it returns to have the old one back."""
    kept = (dict(_settled), dict(_waiting), dict(_now))
    for each in (_settled, _waiting, _now):
        each.clear()

    def restore():
        for each, was in zip((_settled, _waiting, _now), kept):
            each.clear()
            each.update(was)

    return restore


def _rebuild(key):
    entry = _settled.get(key)
    for ticket in sorted(_waiting):
        for other, op in _waiting[ticket]:
            if other == key:
                entry = _apply(_alive(entry), op)
    _place(_now, key, entry)


def _apply(entry, op):
    what = op[0]
    if what == "drop":
        return None
    if what == "until":
        return None if entry is None else [entry[0], entry[1], op[1]]
    until = op[2]
    if what == "put":
        return ["d", op[1], until]
    same = entry is not None and entry[0] == ("n" if what == "add" else "s")
    if until is None and same:
        until = entry[2]
    if what == "add":
        return ["n", (entry[1] if same else 0) + op[1], until]
    texts = set(entry[1]) if same else set()
    if what == "join":
        texts.update(op[1])
    else:
        texts.difference_update(op[1])
    return ["s", sorted(texts), until] if texts else None


def _alive(entry):
    return None if entry is None or (entry[2] is not None and entry[2] <= time.time()) else entry


def _place(where, key, entry):
    if entry is None:
        where.pop(key, None)
    else:
        where[key] = entry


def _letters(entry):
    return sum(map(len, entry[1])) if entry[0] == "s" else len(entry[1]) if entry[0] == "d" else 0


def _named(key):
    if not isinstance(key, str) or key == "" or len(key) > _longest_key:
        raise CacheError(f"a key: given {key if not isinstance(key, str) else f'{len(key)} characters'}; allowed: 1 to {_longest_key} characters")
    return key
