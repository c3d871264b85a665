"""What a value may be when the event is not known, and what can be said of comparing it."""

import ast
from typing import NamedTuple

from .conditions import EVERYTHING, NOTHING, allow, both, deny, either, on_field, token_of

MOST_CHOICES = 16
COLLECTIONS = (list, tuple, set, frozenset, dict)


class Const(NamedTuple):
    """A value that is known."""

    value: object


class Field(NamedTuple):
    """What stands at a path of the event, or a default."""

    path: tuple
    default: object = Const(None)


class Truth(NamedTuple):
    """A value of which only is known for which events it may be true, and for which false."""

    true: tuple
    false: tuple
    is_bool: bool = True


class Choice(NamedTuple):
    """One of some values, each for the events of its condition."""

    parts: tuple
    truth: object = None


class Listed(NamedTuple):
    """A display of values that are not all known."""

    members: tuple


class Pattern(NamedTuple):
    """A regular expression; of it only counts a text that all it finds must hold."""

    part: str


class Event(NamedTuple):
    """The event itself."""


class Home(NamedTuple):
    """A module of the repository, by its name."""

    name: str


class Unknown(NamedTuple):
    """Anything."""


UNKNOWN = Unknown()
EVENT = Event()
UNSURE = Truth(EVERYTHING, EVERYTHING)
NONE = Const(None)


def truth(value):
    """For which events a value may be true, and for which false."""
    if isinstance(value, Const):
        return (EVERYTHING, NOTHING) if value.value else (NOTHING, EVERYTHING)
    if isinstance(value, Truth):
        return value.true, value.false
    if isinstance(value, Choice):
        if value.truth is not None:
            return value.truth
        results = [(condition, truth(part)) for condition, part in value.parts]
        return (
            either(*(both(condition, true) for condition, (true, _) in results)),
            either(*(both(condition, false) for condition, (_, false) in results)),
        )
    if isinstance(value, Field):
        default = not isinstance(value.default, Const) or bool(value.default.value)
        path = ".".join(value.path)
        true = deny(["false", "s:"]) if default else deny(["null", "false", "s:"])
        return on_field(path, true), on_field(path, allow(["null", "false", "s:", "other"]))
    return EVERYTHING, EVERYTHING


def compared(op, left, right):
    """The truth of a comparison."""
    if isinstance(op, ast.NotEq):
        return negated(compared(ast.Eq(), left, right))
    if isinstance(op, ast.IsNot):
        return negated(compared(ast.Is(), left, right))
    if isinstance(op, ast.NotIn):
        return negated(compared(ast.In(), left, right))
    if isinstance(left, Choice) or isinstance(right, Choice):
        parts = left.parts if isinstance(left, Choice) else right.parts
        results = []
        for condition, part in parts:
            pair = (part, right) if isinstance(left, Choice) else (left, part)
            results.append((condition, truth(compared(op, *pair))))
        return Truth(
            either(*(both(condition, true) for condition, (true, _) in results)),
            either(*(both(condition, false) for condition, (_, false) in results)),
        )
    if isinstance(op, (ast.Eq, ast.Is)):
        if isinstance(left, Const) and isinstance(right, Const):
            try:
                if isinstance(op, ast.Eq):
                    same = left.value == right.value
                elif left.value is None or right.value is None or isinstance(left.value, bool) or isinstance(right.value, bool):
                    same = left.value is right.value
                else:
                    return UNSURE
            except Exception:
                return UNSURE
            return _known(same)
        known, other = (left, right) if isinstance(left, Const) else (right, left)
        if not isinstance(known, Const):
            return UNSURE
        if isinstance(other, Field):
            if isinstance(op, ast.Eq):
                return among(other, [known.value])
            same = among(other, [known.value], is_identity=True)
            return same if known.value is None or isinstance(known.value, bool) else same._replace(false=EVERYTHING)
        if isinstance(other, Truth) and other.is_bool and isinstance(known.value, bool):
            return other if known.value else negated(other)
        return UNSURE
    if isinstance(op, ast.In):
        if isinstance(left, Const) and isinstance(left.value, str) and not isinstance(right, Listed):
            return holding(right, left.value)
        members = members_of(right)
        if members is None:
            return UNSURE
        if isinstance(left, Field) and all(isinstance(each, Const) for each in members):
            return among(left, [each.value for each in members])
        results = [truth(compared(ast.Eq(), left, each)) for each in members]
        return Truth(either(*(true for true, _ in results)), all_of(false for _, false in results))
    return UNSURE


def negated(value):
    return Truth(value.false, value.true)


def among(field, values, is_identity=False):
    """Whether a field's value is one of some, as == says (1 is True), or as `is` does."""
    tokens = set()
    for value in values:
        tokens.add(token_of(value))
        if is_identity:
            continue
        if isinstance(value, bool):
            tokens.add("other")
        elif isinstance(value, (int, float)) and value in (0, 1):
            tokens.add("true" if value == 1 else "false")
    # Only what is one value, and not some that look alike, is surely not something else.
    certain = {token for token in tokens if token in ("null", "s:")}
    certain |= {token_of(value) for value in values if isinstance(value, bool)}
    if not isinstance(field.default, Const):
        tokens.add("null")
        certain.discard("null")
    elif field.default.value is not None:
        if field.default.value in values:
            tokens.add("null")
        else:
            certain.discard("null")
    path = ".".join(field.path)
    return Truth(on_field(path, allow(tokens)), on_field(path, deny(certain)))


def begun(field, beginning):
    """Whether a field's text begins so."""
    if not isinstance(beginning, Const):
        return UNSURE
    words = beginning.value if isinstance(beginning.value, tuple) else (beginning.value,)
    if not all(isinstance(word, str) for word in words):
        return UNSURE
    tokens = {"null"} if not isinstance(field.default, Const) or starts(field.default.value, words) else set()
    return Truth(on_field(".".join(field.path), allow(tokens, ["s:" + word.lower() for word in words])), EVERYTHING)


def starts(text, words):
    return isinstance(text, str) and text.startswith(tuple(words))


def holding(value, part):
    """Whether a value has a text in it: a text as a part, a list as a member, the event and what lies in it as a key."""
    if isinstance(value, Const):
        try:
            return _known(part in value.value)
        except TypeError:
            return UNSURE
    if isinstance(value, Event):
        field = inside(value, part, NONE)
        return Truth(EVERYTHING, on_field(part, allow(["null"]))) if isinstance(field, Field) else UNSURE
    return in_text(value, part, ["other"])


def in_text(value, part, others=()):
    """Whether a text has a part, in letters of any case."""
    if not isinstance(value, Field):
        return UNSURE
    tokens = {*others}
    if not isinstance(value.default, Const) or _may_hold(value.default.value, part):
        tokens.add("null")
    return Truth(on_field(".".join(value.path), allow(tokens, [], [part.lower()])), EVERYTHING)


def found(value, pattern):
    """Whether a regular expression finds something in a text."""
    if isinstance(value, Choice):
        results = [(condition, truth(found(part, pattern))) for condition, part in value.parts]
        return Truth(either(*(both(condition, true) for condition, (true, _) in results)), EVERYTHING, False)
    if isinstance(value, Const) and isinstance(value.value, str) and pattern.part not in value.value.lower():
        return Truth(NOTHING, EVERYTHING, False)
    return in_text(value, pattern.part)._replace(is_bool=False)


def _may_hold(default, part):
    if isinstance(default, str):
        return part.lower() in default.lower()
    return isinstance(default, COLLECTIONS) and len(default) > 0


def _known(answer):
    return Truth(EVERYTHING, NOTHING) if answer else Truth(NOTHING, EVERYTHING)


def matched(field, pattern):
    """Whether a field's text fits a file name pattern: of a pattern, only what stands before its first sign counts."""
    if not isinstance(field, Field) or not isinstance(pattern, Const) or not isinstance(pattern.value, str):
        return UNSURE
    signs = [pattern.value.index(sign) for sign in "*?[" if sign in pattern.value]
    if not signs:
        return among(field, [pattern.value])
    return begun(field, Const(pattern.value[: min(signs)]))


def inside(value, key, default):
    """What stands under a key of the event, or of an object in it."""
    if "." in key or not key.isascii():
        return UNKNOWN
    if isinstance(value, Event):
        return UNKNOWN if key.lower().startswith("p_") else Field((key,), default)
    if isinstance(value, Field) and isinstance(value.default, Const) and value.default.value in (None, {}):
        return Field((*value.path, key), default)
    return UNKNOWN


def chosen(parts):
    """One of some values, as simply as can be said."""
    parts = tuple((condition, value) for condition, value in parts if condition != NOTHING)
    if len(parts) == 1:
        return parts[0][1]
    flat = []
    for condition, value in parts:
        if isinstance(value, Choice) and value.truth is None:
            flat.extend((both(condition, inner), part) for inner, part in value.parts)
        else:
            flat.append((condition, value))
    whole = Choice(tuple(flat))
    if all((isinstance(value, Truth) and value.is_bool) or (isinstance(value, Const) and isinstance(value.value, bool)) for _, value in flat):
        return Truth(*truth(whole))
    return whole if len(flat) <= MOST_CHOICES else Truth(*truth(whole), False)


def joined(one, first, other, second):
    """Local names after a fork."""
    if one == NOTHING:
        return second
    if other == NOTHING:
        return first
    env = {}
    for name in first.keys() | second.keys():
        left, right = first.get(name, UNKNOWN), second.get(name, UNKNOWN)
        env[name] = left if left is right or alike(left, right) else chosen([(one, left), (other, right)])
    return env


def alike(left, right):
    """Whether two values are the same; 1 is not True."""
    if type(left) is not type(right) or isinstance(left, (Truth, Choice, Listed)):
        return False
    if isinstance(left, Const):
        return type(left.value) is type(right.value) and isinstance(left.value, (str, bool, type(None))) and left.value == right.value
    return left == right


def members_of(value):
    """The members of a known list, set or dict (its keys), or None."""
    if isinstance(value, Listed):
        return list(value.members)
    if isinstance(value, Const) and isinstance(value.value, COLLECTIONS):
        return [Const(each) for each in value.value]
    return None


def is_changeable(value):
    return isinstance(value, Const) and not _is_fixed(value.value)


def _is_fixed(value):
    if isinstance(value, (tuple, frozenset)):
        return all(_is_fixed(each) for each in value)
    return not isinstance(value, (list, dict, set))


def all_of(conditions):
    whole = EVERYTHING
    for condition in conditions:
        whole = both(whole, condition)
    return whole
