class PantherError(Exception):
    pass


class FunctionReturnTypeError(PantherError):
    """A function of a detection answered something of the wrong type."""


class UnknownDestinationError(PantherError):
    pass
