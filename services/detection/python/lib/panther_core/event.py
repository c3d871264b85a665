"""The event that a rule is called with."""

from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime, timezone

from .data_model import absent
from .exceptions import PantherError
from .immutable import ImmutableCaseInsensitiveDict, _missing, find, keys_by_lower, plain, unwrap, wrap
from .walk import walk


class PantherEvent(ImmutableCaseInsensitiveDict):
    """A log event. What the engine adds to it (`p_…`) is computed when it is first asked for."""

    __slots__ = ("data_model", "_held", "_fields", "_source", "_lookup")
    json_encoder = staticmethod(plain)

    def __init__(self, event, data_model=None, source=None, fields=None, lookup=None):
        """`source` knows the rest of it: all, and what the engine adds. With `fields`, `event` has no others, and those that it has not are not there."""
        self._held = unwrap(event)
        self._lower = None
        self.data_model = data_model
        self._source = source
        self._fields = fields
        self._lookup = lookup

    @property
    def _container(self):
        if self._fields is not None:
            self._read(None)
        return self._held

    def _read(self, key):
        """Has all of the event, where a rule looks for more than it was given. Whoever is interrupted here leaves it as it was."""
        self._held = self._source.whole(key)
        self._fields = None

    def _complete(self):
        """Puts what the engine adds into the event; what the event brought stays."""
        if self._source is not None:
            own = self._container
            self._held = {**self._source.added(), **own}
            self._source = self._lower = None

    def settle(self):
        """Reads what it has not read yet: a detection keeps the event, and the host will not."""
        try:
            self._complete()
        except Exception:  # noqa: BLE001
            pass

    def _find(self, key):
        held = self._held
        try:
            return held[key]
        except KeyError:
            if not isinstance(key, str):
                return _missing
        fields = self._fields
        if fields is not None and key in fields:
            return _missing
        if self._source is not None and key[:2] in ("p_", "P_"):
            self._complete()
            return self._find(key)
        if fields is not None:
            self._read(key)
            return self._find(key)
        lower = self._lower
        if lower is None:
            lower = self._lower = keys_by_lower(held)
        actual = lower.get(key.lower(), _missing)
        return _missing if actual is _missing else held[actual]

    def __iter__(self):
        self._complete()
        return super().__iter__()

    def __len__(self):
        self._complete()
        return super().__len__()

    def deep_get(self, *keys, default=None):
        here = self
        for key in keys:
            if type(here) is dict:
                here = find(here, key)
            elif isinstance(here, ImmutableCaseInsensitiveDict):
                here = here._find(key)
            elif isinstance(here, Mapping):
                here = here.get(key, _missing)
            else:
                return default
            if here is _missing:
                return default
        return default if here is None else wrap(here)

    def deep_walk(self, *keys, default=None, return_val="all"):
        if not keys:
            return self.to_dict()
        value = self._find(keys[0])
        # Unlike the other ways to read, this one knows a name in its own letters only.
        if value is _missing or value is None or keys[0] not in self._held:
            return default
        found = walk(unwrap(value), keys[1:], default, return_val)
        return deepcopy(found) if isinstance(found, (dict, list)) else found

    def udm(self, *keys, default=None):
        model = self.data_model
        if len(keys) == 1 and model is not None:
            value = model.find(keys[0], self._container)
            if value is not absent:
                return value
            if model.names(keys[0]):
                return default
        return self.deep_get("p_udm", *keys) or self.deep_get(*keys) or default

    def udm_path(self, key):
        if self.data_model is None:
            raise PantherError("this event's log type has no data model")
        return self.data_model.path_of(key, self._container)

    def event_time_epoch(self, force_utc=True):
        text = self.get("p_event_time")
        if not isinstance(text, str):
            return 0
        try:
            moment = datetime.fromisoformat(text.strip().replace(" UTC", "")[:26].rstrip("."))
        except ValueError:
            return 0
        if moment.tzinfo is None or force_utc:
            moment = moment.replace(tzinfo=timezone.utc)
        return moment.timestamp()

    def lookup(self, table, key):
        if self._lookup is not None:
            return self._lookup(table, key)
        return self.deep_get("_mocked_lookup_data_", table, key)

    def __repr__(self):
        return f"PantherEvent({self._container})"
