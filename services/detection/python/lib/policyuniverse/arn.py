import re

__all__ = ["ARN"]

_arn = re.compile(r"^arn:(?P<partition>[\w*-]*):(?P<tech>[\w*-]*):(?P<region>[\w*-]*):(?P<account>[\d*]*|aws):(?P<name>.+)$", re.DOTALL)
_service = re.compile(r"^[\w*-]+(?:\.[\w-]+)*\.amazonaws\.com(?:\.cn)?$")


class ARN:
    def __init__(self, input):  # noqa: A002
        self.arn = input
        self.error = False
        self.service = False
        self.root = False
        self.partition = self.tech = self.region = self.account_number = self.name = None
        found = _arn.match(input)
        if found is not None:
            self.partition, self.tech, self.region, self.account_number, self.name = found.groups()
            self.root = self.name == "root"
        elif re.fullmatch(r"\d{12}", input):
            self.account_number = input
        elif _service.match(input):
            self.service = True
            self.tech = input.split(".")[0]
        else:
            self.error = True

    @property
    def is_open(self):
        """True when it may be anybody's."""
        if self.arn == "*":
            return True
        if self.service or self.tech == "s3":
            return False
        if self.error:
            return "*" in self.arn
        return self.account_number in ("*", "", None)
