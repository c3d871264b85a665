"""The containers that a rule sees: read like dicts and lists, never written to.

They wrap what they are given without a copy; nothing can be assigned through them, so nothing is shared that could change.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy

_missing = object()


def wrap(value):
    """A dict or list as its immutable view; everything else is itself."""
    kind = type(value)
    if kind is dict:
        return ImmutableCaseInsensitiveDict(value)
    if kind is list:
        return ImmutableList(value)
    return value


def unwrap(value):
    """What an immutable view looks at."""
    return value._container if isinstance(value, (ImmutableCaseInsensitiveDict, ImmutableList)) else value


def find(container, key):
    """The value of the key, else of the first key that is equal without regard to case, else `_missing`."""
    value = container.get(key, _missing)
    if value is not _missing or not isinstance(key, str):
        return value
    lower = key.lower()
    for each, value in container.items():
        if isinstance(each, str) and each.lower() == lower:
            return value
    return _missing


def keys_by_lower(container):
    """The keys of a container by their small letters; of several that are equal then, the first."""
    lower = {}
    for each in container:
        if isinstance(each, str):
            lower.setdefault(each.lower(), each)
    return lower


def plain(value):
    """For `json.dumps(…, default=…)`: the immutable views as plain containers."""
    if isinstance(value, (ImmutableCaseInsensitiveDict, ImmutableList)):
        return value._container
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


class ImmutableCaseInsensitiveDict(Mapping):
    __slots__ = ("_container", "_lower")

    def __init__(self, container):
        self._container = unwrap(container)
        self._lower = None

    def _find(self, key):
        container = self._container
        try:
            return container[key]
        except KeyError:
            pass
        if not isinstance(key, str):
            return _missing
        lower = self._lower
        if lower is None:
            lower = self._lower = keys_by_lower(container)
        actual = lower.get(key.lower(), _missing)
        return _missing if actual is _missing else container[actual]

    def __getitem__(self, key):
        value = self._find(key)
        if value is _missing:
            raise KeyError(key)
        return wrap(value)

    def get(self, key, default=None):
        value = self._find(key)
        return default if value is _missing else wrap(value)

    def __contains__(self, key):
        return self._find(key) is not _missing

    def __iter__(self):
        return iter(self._container)

    def __len__(self):
        return len(self._container)

    def __eq__(self, other):
        if isinstance(other, ImmutableCaseInsensitiveDict):
            return _all(self) == _all(other)
        if isinstance(other, Mapping):
            return _all(self) == dict(other.items())
        return NotImplemented

    __hash__ = None

    def __repr__(self):
        return f"{type(self).__name__}({_all(self)})"

    def copy(self):
        return deepcopy(_all(self))

    def to_dict(self):
        return self.copy()

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memo):
        return self.copy()


def _all(view):
    """Everything that a view shows, plain."""
    len(view)
    return view._container


class ImmutableList(Sequence):
    __slots__ = ("_container",)

    def __init__(self, container=()):
        self._container = unwrap(container)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return tuple(self._container[index])
        return wrap(self._container[index])

    def __len__(self):
        return len(self._container)

    def __iter__(self):
        return map(wrap, self._container)

    def __contains__(self, value):
        return unwrap(value) in self._container

    def __eq__(self, other):
        if isinstance(other, (list, tuple, ImmutableList)):
            return list(self._container) == list(unwrap(other))
        return NotImplemented

    __hash__ = None

    def __repr__(self):
        return f"{type(self).__name__}({tuple(self._container)})"

    def copy(self):
        return deepcopy(list(self._container))

    def as_list(self):
        return self.copy()

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memo):
        return self.copy()
