"""What detections import under this name: the event, its containers, the errors."""

from .event import PantherEvent
from .exceptions import FunctionReturnTypeError, PantherError, UnknownDestinationError
from .immutable import ImmutableCaseInsensitiveDict, ImmutableList

__all__ = [
    "FunctionReturnTypeError",
    "ImmutableCaseInsensitiveDict",
    "ImmutableList",
    "PantherError",
    "PantherEvent",
    "UnknownDestinationError",
]
