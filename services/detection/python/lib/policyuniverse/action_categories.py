from collections import defaultdict

from ._data import actions as _known

__all__ = ["actions_for_category", "categories_for_actions", "categories_and_services_by_actions"]


def categories_for_actions(actions):
    """Service to the categories (List, Read, Write, Tagging, Permissions) of what is done in it."""
    known = _known()
    found = defaultdict(set)
    for action in actions:
        entry = known.get(action.lower())
        if entry is not None:
            found[action.lower().split(":")[0]] |= entry[1]
    return dict(found)


def categories_and_services_by_actions(actions):
    return categories_for_actions(actions)


def actions_for_category(category):
    return {name for name, categories in _known().values() if category in categories}
