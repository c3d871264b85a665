"""What a regular expression must find, whatever else it looks for."""

import re
import re._constants as codes
import re._parser as parser
import warnings


def part_of(pattern):
    """The longest text, in small letters, that all that a pattern finds must hold; None where there is none."""
    if not isinstance(pattern, str):
        return None
    try:
        with warnings.catch_warnings(action="ignore"):
            parts = _parts(parser.parse(pattern))
    except (ValueError, RecursionError, OverflowError, re.error):
        return None
    longest = max(parts, key=len, default="")
    return longest or None


def _parts(expression):
    """Texts that stand in an expression one after the other, each of them needed."""
    parts, text = [], ""
    for operation, what in expression:
        # Letters beyond ASCII have relatives among those in it when case is ignored.
        if operation is codes.LITERAL and what < 128:
            text += chr(what).lower()
            continue
        parts.append(text)
        text = ""
        if operation is codes.SUBPATTERN:
            parts += _parts(what[3])
        elif operation in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT) and what[0] > 0:
            parts += _parts(what[2])
        elif operation is codes.ATOMIC_GROUP:
            parts += _parts(what)
    return [*parts, text]
