import re
from collections import namedtuple

from .arn import ARN
from .common import ensure_array as _listed

__all__ = ["ConditionTuple", "PrincipalTuple", "Statement"]

PrincipalTuple = namedtuple("PrincipalTuple", "category value")
ConditionTuple = namedtuple("ConditionTuple", "category value")

_operator = re.compile(r"(?:for(?:all|any)values:)?(?:arn(?:equals|like)|string(?:equals|like)(?:ignorecase)?|ipaddress)(?:ifexists)?", re.IGNORECASE)
_category_of = {
    "aws:sourcearn": "arn",
    "aws:principalarn": "arn",
    "aws:sourceowner": "account",
    "aws:sourceaccount": "account",
    "aws:principalaccount": "account",
    "kms:calleraccount": "account",
    "aws:principalorgid": "organization",
    "aws:principalorgpaths": "organization",
    "aws:userid": "userid",
    "aws:sourceip": "cidr",
    "aws:sourcevpc": "vpc",
    "aws:sourcevpce": "vpce",
    "saml:aud": "saml-endpoint",
}


class Statement:
    def __init__(self, statement):
        self.statement = statement
        self.condition_entries = self._conditions()
        self.principals = self._principals()
        self.actions = set(_listed(statement.get("Action")))

    @property
    def effect(self):
        return self.statement.get("Effect")

    @property
    def resources(self):
        return set(_listed(self.statement.get("Resource")))

    @property
    def actions_expanded(self):
        from .expander_minimizer import get_actions_from_statement

        return get_actions_from_statement(self.statement)

    @property
    def condition_arns(self):
        return self._entries("arn")

    @property
    def condition_accounts(self):
        return self._entries("account")

    @property
    def condition_orgids(self):
        return self._entries("organization")

    @property
    def condition_userids(self):
        return self._entries("userid")

    @property
    def condition_cidrs(self):
        return self._entries("cidr")

    @property
    def condition_vpcs(self):
        return self._entries("vpc")

    @property
    def condition_vpces(self):
        return self._entries("vpce")

    def _entries(self, category):
        return {entry.value for entry in self.condition_entries if entry.category == category}

    def uses_not_principal(self):
        return "NotPrincipal" in self.statement

    def action_summary(self):
        from .action_categories import categories_for_actions

        return categories_for_actions(self.actions_expanded)

    def whos_allowed(self):
        found = {PrincipalTuple("principal", value) for value in self.principals}
        return found | set(self.condition_entries)

    def _principals(self):
        given = self.statement.get("NotPrincipal" if self.uses_not_principal() else "Principal")
        if given is None or isinstance(given, str):
            return set() if given is None else {given}
        if not hasattr(given, "get"):
            return set(_listed(given))
        return {value for kind in ("AWS", "Service", "Federated") for value in _listed(given.get(kind))}

    def _conditions(self):
        entries = []
        for operator, keys in (self.statement.get("Condition") or {}).items():
            if not _operator.fullmatch(operator):
                continue
            for key, values in keys.items():
                category = _category_of.get(key.lower())
                if category is not None:
                    entries.extend(ConditionTuple(category, value) for value in _listed(values))
        return entries

    def is_internet_accessible(self):
        if self.effect != "Allow":
            return False
        if self.condition_entries and not any(_is_open(*entry) for entry in self.condition_entries):
            return False
        return self.uses_not_principal() or any(ARN(str(each)).is_open for each in self.principals)


def _is_open(category, value):
    value = str(value)
    if category == "cidr":
        return value.endswith("/0")
    if category == "arn":
        return ARN(value).is_open
    if category == "userid":
        return "*" in value[:-1]
    if category == "organization":
        return value == "o-*"
    return "*" in value
