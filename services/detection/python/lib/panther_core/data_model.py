"""Data models: one name for what each log calls otherwise."""

from .immutable import ImmutableCaseInsensitiveDict, wrap
from .paths import compile_path, places_of, walk_path

absent = object()


class DataModel:
    """The names of one data model, each a path into the event or a function of the model's module."""

    def __init__(self, model_id, mappings, module=None):
        self.id = model_id
        self.paths = {}
        self.methods = {}
        for mapping in mappings:
            name = mapping["name"]
            if mapping.get("path"):
                self.paths[name] = compile_path(mapping["path"])
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
                raise self._too_many(name, found)
            if found:
                return wrap(found[0])
        method = self.methods.get(name)
        return absent if method is None else wrap(method(ImmutableCaseInsensitiveDict(raw)))

    def names(self, name):
        return name in self.paths or name in self.methods

    def path_of(self, name, raw):
        """Where the name lies in an event, or the function that knows; None when it is nowhere."""
        places = places_of(self.paths[name], raw) if name in self.paths else ()
        if len(places) > 1:
            raise self._too_many(name, places)
        if places:
            return places[0]
        method = self.methods.get(name)
        return None if method is None else method.__name__

    def _too_many(self, name, found):
        return ValueError(f"data model {self.id}: {name} matches {len(found)} values; allowed: one")
