from .event import PantherEvent

__all__ = ["PantherEvent"]
