from collections import defaultdict

from .common import ensure_array as _listed
from .statement import Statement

__all__ = ["Policy"]


class Policy:
    def __init__(self, policy):
        self.policy = policy
        self.statements = [Statement(each) for each in _listed(policy.get("Statement"))]

    @property
    def principals(self):
        return {each for statement in self.statements if statement.effect == "Allow" for each in statement.principals}

    @property
    def condition_entries(self):
        return {each for statement in self.statements if statement.effect == "Allow" for each in statement.condition_entries}

    def whos_allowed(self):
        return {each for statement in self.statements if statement.effect == "Allow" for each in statement.whos_allowed()}

    def internet_accessible_actions(self):
        return {action for statement in self.statements if statement.is_internet_accessible() for action in statement.actions}

    def action_summary(self):
        summary = defaultdict(set)
        for statement in self.statements:
            for service, categories in statement.action_summary().items():
                summary[service] |= categories
        return dict(summary)

    def is_internet_accessible(self):
        return any(statement.is_internet_accessible() for statement in self.statements)
