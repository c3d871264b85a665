"""Data models: one name for what each log calls otherwise."""

import re

from .immutable import ImmutableCaseInsensitiveDict, wrap

_step = re.compile(r"""\.?(?:(\*)|([A-Za-z_@][\w@-]*))|\[(\*|-?\d+)\]|\[(?:'([^']*)'|"([^"]*)")\]""")
absent = object()


class UnsupportedPath(ValueError):
    pass


def compile_path(text):
    """The steps of a path: member names, positions, or None for every member. `name`, `a.b`, `$.a[0].b[*]['c d']`."""
    rest = text.strip()
    if rest.startswith("$"):
        rest = rest[1:]
    steps = []
    at = 0
    while at < len(rest):
        found = _step.match(rest, at)
        if found is None or rest.startswith("..", at):
            raise UnsupportedPath(f"path {text}: given {rest[at:at + 20]!r}; allowed: names, dots, [n], [*] and ['quoted'] members")
        star, name, index, single, double = found.groups()
        if star or index == "*":
            steps.append(None)
        elif index is not None:
            steps.append(int(index))
        else:
            steps.append(next(each for each in (name, single, double) if each is not None))
        at = found.end()
    return tuple(steps)


def walk_path(steps, value):
    """Everything that a path leads to. Names are case-sensitive."""
    found = [value]
    for step in steps:
        below = []
        for each in found:
            if step is None:
                below.extend(each.values() if type(each) is dict else each if type(each) is list else ())
            elif type(step) is int:
                if type(each) is list and -len(each) <= step < len(each):
                    below.append(each[step])
            elif type(each) is dict and step in each:
                below.append(each[step])
        found = below
    return found


class DataModel:
    """The names of one data model, each a path into the event or a function of the model's module."""

    def __init__(self, model_id, mappings, module=None):
        self.id = model_id
        self.paths = {}
        self.path_texts = {}
        self.methods = {}
        for mapping in mappings:
            name = mapping["name"]
            if mapping.get("path"):
                self.paths[name] = compile_path(mapping["path"])
                self.path_texts[name] = mapping["path"]
            else:
                method = getattr(module, mapping["method"], None)
                if not callable(method):
                    raise AttributeError(f"data model {model_id}: no function {mapping['method']} for {name}")
                self.methods[name] = method

    def find(self, name, raw):
        """What the model says of an event, or `absent` when it does not know the name or finds nothing."""
        steps = self.paths.get(name)
        if steps is not None:
            found = walk_path(steps, raw)
            if len(found) > 1:
                raise ValueError(f"data model {self.id}: {name} matches {len(found)} values; allowed: one")
            if found:
                return wrap(found[0])
        method = self.methods.get(name)
        return absent if method is None else wrap(method(ImmutableCaseInsensitiveDict(raw)))

    def names(self, name):
        return name in self.paths or name in self.methods

    def path_of(self, name):
        if name in self.path_texts:
            return self.path_texts[name]
        method = self.methods.get(name)
        return None if method is None else method.__name__
