import copy
import fnmatch
import re
from functools import lru_cache

from ._data import names as _names
from .common import ensure_array as _listed

__all__ = ["expand_minimize_over_policies", "expand_policy", "get_actions_from_statement", "minimize_policy", "minimize_statement_actions"]


@lru_cache(maxsize=1024)
def _matching(pattern):
    matches = re.compile(fnmatch.translate(pattern.lower())).match
    return frozenset(name for name in _names() if matches(name))


def _expand(patterns):
    found = set()
    for pattern in patterns:
        found |= _matching(pattern) or {pattern.lower()}
    return found


def get_actions_from_statement(statement):
    found = _expand(_listed(statement.get("Action")))
    if "NotAction" in statement:
        found |= _names() - _expand(_listed(statement["NotAction"]))
    return found


def expand_policy(policy=None, expand_deny=False):
    """A copy in which the Allow statements name each action by itself."""
    expanded = copy.deepcopy(policy)
    for statement in _listed(expanded.get("Statement")):
        if statement.get("Effect") == "Deny" and not expand_deny:
            continue
        actions = get_actions_from_statement(statement)
        statement.pop("NotAction", None)
        statement["Action"] = sorted(actions)
    return expanded


def minimize_statement_actions(statement, minchars=None):
    """The shortest prefixes that grant the same and nothing else."""
    if statement["Effect"] != "Allow":
        raise ValueError("Minification does not currently work on Deny statements.")
    wanted = get_actions_from_statement(statement)
    unknown = wanted - _names()
    if unknown:
        raise ValueError(f"Desired action not found in the known permissions: {', '.join(sorted(unknown)[:5])}")
    denied = sorted(_names() - wanted)
    return sorted({_shortest(action, denied, minchars) for action in wanted})


def _shortest(action, denied, minchars):
    service, _, name = action.partition(":")
    others = [each.partition(":")[2] for each in denied if each.startswith(f"{service}:")]
    for length in range(minchars or 0, len(name)):
        prefix = name[:length]
        if not any(other.startswith(prefix) for other in others):
            return f"{service}:{prefix}*"
    return action


def minimize_policy(policy=None, minchars=None):
    minimized = copy.deepcopy(policy)
    for statement in _listed(minimized.get("Statement")):
        if statement.get("Effect") == "Allow":
            statement["Action"] = minimize_statement_actions(statement, minchars)
            statement.pop("NotAction", None)
    return minimized
