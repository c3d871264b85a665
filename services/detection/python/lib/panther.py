"""The module that Panther's first pages call `panther`: other resources by id, the event, its containers."""

import tripline_resources as _resources
from panther_core import ImmutableCaseInsensitiveDict, ImmutableList, PantherEvent

__all__ = ["BadLookup", "ImmutableCaseInsensitiveDict", "ImmutableList", "PantherBadInput", "PantherEvent", "resource_lookup"]


class BadLookup(Exception):
    """There is no such resource."""


class PantherBadInput(Exception):
    """No id was given."""


def resource_lookup(resource_id):
    if not resource_id:
        raise PantherBadInput("resource_id cannot be blank")
    found = _resources.read(resource_id)
    if found is None:
        raise BadLookup(f"{resource_id} is not known")
    return found
