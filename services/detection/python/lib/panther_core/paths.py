"""Where a data model's names lie: paths into an event, a subset of JSONPath as Panther reads it.

`name`, `a.b`, `$.a[0]`, `$.a[*].b`, `$.a.*`, `$.a['b c']`, and `$.a[?(@.name == 'x' & @.size > 2)].b` for members of a list. Names are case-sensitive.
"""

import operator
import re

_step = re.compile(r"""\.?(?:(?P<all>\*)|(?P<name>[A-Za-z_@][\w@-]*)|'(?P<quoted>[^']*)')|\[(?:(?P<every>\*)|(?P<index>-?\d+)|'(?P<single>[^']*)'|"(?P<double>[^"]*)")\]""")
_clause = re.compile(r"""\s*(?P<path>[^\s=!<>~&()'"]+)\s*(?:(?P<how>==|=~|=|!=|<=|>=|<|>)\s*(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<word>[^\s&()'"]+))\s*)?""")
_quoted = re.compile(r"""'[^']*'|"[^"]*"|(\])""")
_compared = {"=": operator.eq, "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


class UnsupportedPath(ValueError):
    pass


class _Every:
    """`[*]`: the members of a list; what is no list is a list of one."""

    def members(self, value):
        return enumerate(value if type(value) is list else [value]) if value else ()


class _All:
    """`.*`: the values of an object."""

    def members(self, value):
        return value.items() if type(value) is dict else ()


class _Member:
    def __init__(self, index):
        self.index = index

    def members(self, value):
        if type(value) is list and -len(value) <= self.index < len(value):
            yield self.index, value[self.index]


class _Fitting:
    """`[?(…)]`: the members that fit all clauses."""

    def __init__(self, clauses):
        self.clauses = clauses

    def members(self, value):
        listed = list(value.values()) if type(value) is dict else value
        for index, member in enumerate(listed if type(listed) is list else ()):
            if all(fits(member) for fits in self.clauses):
                yield index, member


def compile_path(text):
    """The steps of a path: names, and what chooses members otherwise."""
    rest = text.strip().removeprefix("$")
    steps = []
    at = 0
    while at < len(rest):
        if rest.startswith("[?", at):
            end = _end_of(rest, at + 2)
            clauses = end and _clauses(rest[at + 2 : end])
            if not clauses:
                raise _unsupported(text, rest[at:])
            steps.append(_Fitting(clauses))
            at = end + 1
            continue
        found = _step.match(rest, at)
        if found is None or rest.startswith("..", at):
            raise _unsupported(text, rest[at:])
        if found["all"] or found["every"]:
            steps.append(_All() if found["all"] else _Every())
        elif found["index"] is not None:
            steps.append(_Member(int(found["index"])))
        else:
            name = next(each for each in found.group("name", "quoted", "single", "double") if each is not None)
            if not (name == "@" and not steps):
                steps.append(name)
        at = found.end()
    return tuple(steps)


def _unsupported(text, rest):
    return UnsupportedPath(f"path {text}: given {rest[:20]!r}; allowed: names, dots, [n], [*], ['quoted'] members and [?(@.name == 'value')]")


def _end_of(text, start):
    """Where the bracket closes, quotes left aside."""
    return next((found.start() for found in _quoted.finditer(text, start) if found[1]), None)


def _clauses(text):
    """What `(@.a == 'x' & b > 2)` asks of a member; None where we do not know."""
    inner = text.strip()
    if inner.startswith("(") and inner.endswith(")"):
        inner = inner[1:-1]
    clauses = []
    at = 0
    while True:
        found = _clause.match(inner, at)
        if found is None or found["path"] == "@":
            return None
        steps = compile_path(found["path"].removeprefix("@").removeprefix("."))
        clauses.append(_clause_of(steps, found))
        at = found.end()
        if at == len(inner):
            return clauses
        if inner[at] != "&":
            return None
        at += 1


def _clause_of(steps, found):
    if found["how"] is None:
        return lambda member: bool(walk_path(steps, member))
    quoted = found["single"] if found["single"] is not None else found["double"]
    wanted = _wanted(found["word"]) if quoted is None else quoted
    if found["how"] == "=~":
        pattern = re.compile(str(wanted))
        return lambda member: any(type(each) is str and pattern.search(each) for each in walk_path(steps, member))
    return lambda member: any(_holds(_compared[found["how"]], each, wanted) for each in walk_path(steps, member))


def _wanted(word):
    if word in ("true", "false"):
        return word == "true"
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            pass
    return word


def _holds(compare, value, wanted):
    """What is compared takes the type of what it is compared with."""
    try:
        return compare(value if type(wanted) is str else type(wanted)(value), wanted)
    except (TypeError, ValueError):
        return False


def walk_path(steps, value):
    """Everything that a path leads to."""
    found = [value]
    for step in steps:
        if type(step) is str:
            found = [each[step] for each in found if type(each) is dict and step in each]
        else:
            found = [member for each in found for _, member in step.members(each)]
    return found


def places_of(steps, value):
    """Where a path leads to: `a.[0].b`."""
    found = [((), value)]
    for step in steps:
        if type(step) is str:
            found = [((*at, step), each[step]) for at, each in found if type(each) is dict and step in each]
        else:
            found = [((*at, label if type(label) is str else f"[{label}]"), member) for at, each in found for label, member in step.members(each)]
    return [".".join(at) or "$" for at, _ in found]
