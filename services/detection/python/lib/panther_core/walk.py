"""`deep_walk`: what lies below some names, through every list on the way."""


def walk(value, names, default, which):
    """Plain containers in, plain containers out. A list that holds nothing but empty lists is nothing."""
    if not names:
        return default if _is_hollow(value) else value
    if isinstance(value, dict):
        below = value.get(names[0])
        return default if below is None else walk(below, names[1:], default, which)
    found = {}
    for member in value if isinstance(value, list) else ():
        leaf = walk(member, names, default, which)
        if leaf is not None:
            found.update(dict.fromkeys(leaf if isinstance(leaf, (list, tuple)) else (leaf,)))
    leaves = list(found)
    if not leaves:
        return default
    if which == "first":
        return leaves[0]
    if which == "last":
        return leaves[-1]
    return leaves[0] if len(leaves) == 1 else leaves


def _is_hollow(value):
    return isinstance(value, list) and all(map(_is_hollow, value))
