class BotoCoreError(Exception):
    fmt = "An unspecified error occurred"

    def __init__(self, *args, **fields):
        super().__init__(*(args or (self.fmt.format(**fields),)))


class NoCredentialsError(BotoCoreError):
    fmt = "Unable to locate credentials"


class UnsupportedOperation(BotoCoreError, NotImplementedError):
    """A call that detections cannot make here."""


class ClientError(Exception):
    def __init__(self, error_response=None, operation_name="unknown"):
        self.response = error_response or {}
        self.operation_name = operation_name
        error = self.response.get("Error", {})
        super().__init__(f"An error occurred ({error.get('Code', 'Unknown')}) when calling the {operation_name} operation: {error.get('Message', 'Unknown')}")
