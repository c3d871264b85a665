"""Other resources, by id. `ask` is the host: it answers JSON text, or None where there is no such resource."""

import json

from botocore.exceptions import NoCredentialsError

_most_ids = 100
_longest = 2_048  # the longest ARN

_ask = None
_known = {}
_asked = []


def begin(ask, own=None):
    """From here on look-ups go to the host; None: no inventory is connected. `own`: id and JSON text of what is known anyway. Answers where ids are kept."""
    global _ask, _known, _asked
    _ask, _known, _asked = ask, own or {}, []
    return _asked


def asked():
    return list(_asked)


def read(resource_id):
    if _ask is None:
        raise NoCredentialsError()
    if not isinstance(resource_id, str) or not 0 < len(resource_id) <= _longest or "\0" in resource_id:
        raise ValueError("a look-up needs the id of a resource")
    try:
        resource_id.encode()
    except UnicodeEncodeError as error:
        raise ValueError("a look-up needs the id of a resource; given broken characters") from error
    if resource_id not in _asked:
        if len(_asked) >= _most_ids:
            raise RuntimeError(f"looked up more than {_most_ids} resources; allowed: {_most_ids}")
        _asked.append(resource_id)
    text = _known.get(resource_id)
    if text is None:
        text = _known[resource_id] = _ask(resource_id)
    return None if text is None else json.loads(text)
