"""The one use of AWS that detections have: other resources, by id, from what Tripline has stored of them."""

import tripline_resources as _resources
from botocore.exceptions import UnsupportedOperation

_ALLOWED = 'boto3.resource("dynamodb").Table("panther-resources").get_item(Key={"id": …})'


def _refuse(what):
    raise UnsupportedOperation(f"{what}: detections have no network; allowed: {_ALLOWED}")


class _Table:
    def __init__(self, name):
        self.name = self.table_name = name

    def get_item(self, Key=None, **_):
        if self.name != "panther-resources":
            _refuse(f"DynamoDB table {self.name}")
        found = _resources.read((Key or {}).get("id"))
        answer = {"ResponseMetadata": {"HTTPStatusCode": 200}}
        if found is not None:
            answer["Item"] = {"id": Key["id"], "attributes": found}
        return answer

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        _refuse(f"DynamoDB Table.{name}")


class _DynamoDB:
    def Table(self, name):  # noqa: N802
        return _Table(name)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        _refuse(f"DynamoDB {name}")


def resource(service_name, *_, **__):
    if service_name != "dynamodb":
        _refuse(f'boto3.resource("{service_name}")')
    return _DynamoDB()


def client(service_name, *_, **__):
    _refuse(f'boto3.client("{service_name}")')


class Session:
    def __init__(self, *_, **__):
        pass

    resource = staticmethod(resource)
    client = staticmethod(client)


session = type("session", (), {"Session": Session})
