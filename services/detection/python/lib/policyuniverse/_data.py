"""Every action of AWS with its access level, from public IAM data. The host reads it when it is first needed."""

import json
from functools import cache

import tripline_host

_category = {"Permissions management": "Permissions"}


@cache
def actions():
    """Folded `service:action` to (service:Action as AWS writes it, categories)."""
    levels = json.loads(tripline_host.iam_data())
    return {
        f"{service}:{name}".lower(): (f"{service}:{name}".lower(), frozenset(_category.get(each, each) for each in level.split(", ")))
        for service, names in levels.items()
        for name, level in names.items()
    }


@cache
def names():
    return frozenset(actions())
