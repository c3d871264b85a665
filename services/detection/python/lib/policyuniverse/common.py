from collections.abc import Sequence

__all__ = ["ensure_array"]


def ensure_array(value):
    """A list of what is one or several. Several is any sequence that is not text."""
    if value is None:
        return []
    return list(value) if isinstance(value, Sequence) and not isinstance(value, (str, bytes)) else [value]
