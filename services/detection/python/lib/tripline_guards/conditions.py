"""Conditions on the header of an event: which events may reach a place of a program, always a few too many, never one too few.

A *token* stands for the value of a field: "s:" and the text in small letters, "true", "false", "null" (or not there), "other".
A *values* constraint says which tokens a field may have. A *box* gives constraints to fields (all must hold); a *condition* is a
list of boxes (one must hold). An empty box holds for every event, an empty list for none.
"""

from typing import NamedTuple

# A condition of more boxes is made wider until it has fewer.
MOST_BOXES = 24


class Values(NamedTuple):
    """Either the tokens, beginnings and parts of texts that are allowed, or (denied) the tokens that are not."""

    tokens: frozenset
    prefixes: frozenset = frozenset()
    denied: bool = False
    parts: frozenset = frozenset()


ANY = Values(frozenset(), frozenset(), True)
EVERYTHING = ({},)
NOTHING = ()


def allow(tokens, prefixes=(), parts=()):
    return Values(frozenset(tokens), frozenset(prefixes), False, frozenset(parts))


def deny(tokens):
    return Values(frozenset(tokens), frozenset(), True)


def token_of(value):
    """The token of a value as JSON gives it."""
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    return "s:" + value.lower() if isinstance(value, str) else "other"


def either_values(one, other):
    if one.denied and other.denied:
        return deny(one.tokens & other.tokens)
    if one.denied or other.denied:
        wide, narrow = (one, other) if one.denied else (other, one)
        return deny(token for token in wide.tokens if not _holds(narrow, token))
    return allow(one.tokens | other.tokens, one.prefixes | other.prefixes, one.parts | other.parts)


def both_values(one, other):
    """What both allow; where a beginning meets a part, or two parts meet, a little more."""
    if one.denied and other.denied:
        return deny(one.tokens | other.tokens)
    if one.denied or other.denied:
        wide, narrow = (one, other) if one.denied else (other, one)
        return allow(narrow.tokens - wide.tokens, narrow.prefixes, narrow.parts)
    tokens = {token for token in one.tokens if _holds(other, token)} | {token for token in other.tokens if _holds(one, token)}
    prefixes = {p for p in one.prefixes if other.parts or any(p.startswith(q) for q in other.prefixes)}
    prefixes |= {p for p in other.prefixes if one.parts or any(p.startswith(q) for q in one.prefixes)}
    parts = {max(p, q, key=len) for p in one.parts for q in other.parts}
    return allow(tokens, prefixes, parts)


def is_within(one, other):
    """Whether all that one allows is surely allowed by the other."""
    if other.denied:
        return other.tokens <= one.tokens if one.denied else not any(_holds(one, token) for token in other.tokens)
    if one.denied:
        return False
    return (
        all(_holds(other, token) for token in one.tokens)
        and all(any(p.startswith(q) for q in other.prefixes) or any(q in p[2:] for q in other.parts) for p in one.prefixes)
        and all(any(q in p for q in other.parts) for p in one.parts)
    )


def _holds(values, token):
    if values.denied:
        return token not in values.tokens
    if token in values.tokens or any(token.startswith(prefix) for prefix in values.prefixes):
        return True
    return token.startswith("s:") and any(part in token[2:] for part in values.parts)


def on_field(path, values):
    """The condition that a field has one of these values."""
    if values == ANY:
        return EVERYTHING
    return NOTHING if _is_none(values) else ({path: values},)


def _is_none(values):
    return not (values.denied or values.tokens or values.prefixes or values.parts)


def both(one, other):
    boxes = []
    for left in one:
        for right in other:
            box = dict(left)
            for path, values in right.items():
                box[path] = both_values(box[path], values) if path in box else values
            if not any(_is_none(values) for values in box.values()):
                boxes.append(box)
    return _fewer(boxes)


def either(*conditions):
    return _fewer([box for condition in conditions for box in condition])


def _fewer(boxes):
    """The same condition, or a wider one, in few boxes."""
    kept = []
    for box in boxes:
        if not box:
            return EVERYTHING
        for index, other in enumerate(kept):
            merged = _merged(other, box)
            if merged is not None:
                kept[index] = merged
                break
        else:
            kept.append(box)
    if any(not box for box in kept):
        return EVERYTHING
    if len(kept) <= MOST_BOXES:
        return tuple(kept)
    hull = kept[0]
    for box in kept[1:]:
        hull = {path: either_values(hull[path], box[path]) for path in hull.keys() & box.keys()}
        hull = {path: values for path, values in hull.items() if values != ANY}
    return (hull,)


def _merged(one, other):
    """Two boxes as one, where that is exactly the same."""
    if all(path in other and is_within(other[path], values) for path, values in one.items()):
        return one
    if all(path in one and is_within(one[path], values) for path, values in other.items()):
        return other
    if one.keys() != other.keys():
        return None
    different = [path for path in one if one[path] != other[path]]
    if len(different) != 1:
        return None
    values = either_values(one[different[0]], other[different[0]])
    return {**{path: own for path, own in one.items() if path != different[0]}, **({} if values == ANY else {different[0]: values})}
