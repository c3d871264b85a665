"""What detections share and none may change: our modules, those of Panther's names, and the few of Python that judging stands on."""

import builtins
import json
import json.decoder
import json.encoder
import sys

_own = frozenset(("panther_core", "panther_detection_helpers", "policyuniverse", "dateutil", "boto3", "botocore", "pycountry"))
_pythons = (builtins, json, json.decoder, json.encoder)

_modules = {}  # name -> module
_members = []  # (module or class, name, function or class, how it is called)
_classes = []  # (class, the names of its members, how it is called)


def keep():
    """What is there now stays. Only modules that came since the last time are looked at."""
    for name, module in list(sys.modules.items()):
        if name in _modules or not _is_shared(name, module):
            continue
        _modules[name] = module
        for key, value in list(vars(module).items()):
            _keep(module, key, value, f"{name}.{key}")
            if isinstance(value, type) and value.__module__ == name and module is not builtins:
                members = dict(vars(value))
                _classes.append((value, frozenset(members), f"{name}.{key}"))
                for member, inner in members.items():
                    _keep(value, member, inner, f"{name}.{key}.{member}")


def _is_shared(name, module):
    return name.startswith("tripline_") or name.split(".")[0] in _own or module in _pythons


def _keep(holder, key, value, called):
    if callable(value) or isinstance(value, (classmethod, staticmethod, property)):
        _members.append((holder, key, value, called))


def restore():
    """Puts back what was changed; the name of one of them, None when nothing was."""
    changed = None
    for name, module in _modules.items():
        if sys.modules.get(name) is not module:
            sys.modules[name] = module
            changed = changed or f"sys.modules[{name!r}]"
    for holder, key, value, called in _members:
        if holder.__dict__.get(key) is not value:
            setattr(holder, key, value)
            changed = changed or called
    for each, names, called in _classes:
        # As many names are the same names: those that were there are back.
        if len(each.__dict__) != len(names):
            for key in set(each.__dict__) - names:
                delattr(each, key)
                changed = changed or f"{called}.{key}"
    return changed
