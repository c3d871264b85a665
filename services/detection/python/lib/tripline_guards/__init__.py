"""Which events a rule can match, read from its program before it runs: a condition on the fields of the event's header.

A condition never leaves out an event that the rule would match. Where a rule cannot be followed it is "any event".
"""

import json

from .conditions import ANY, EVERYTHING
from .effects import Effects
from .evaluate import Evaluator, GivenUp
from .modules import Module, World


class Model:
    """A data model: its names, each with the steps of a path or the name of a function."""

    def __init__(self, given, module):
        self.module = module
        self.mappings = {}
        for mapping in given["mappings"]:
            steps = steps_of(mapping["path"]) if "path" in mapping else mapping["method"]
            if steps is not None:
                self.mappings[mapping["name"]] = steps


def derive(text):
    """From JSON {rules, globals, dataModels} to JSON {rule id: {log type: boxes, or null for any event}}."""
    given = json.loads(text)
    globals_ = {}
    for each in given["globals"]:
        module = parse(each["id"], each["code"])
        if module is not None:
            globals_[each["id"]] = module
    models = []
    for each in given["dataModels"]:
        if each["enabled"]:
            module = each["module"] and parse(each["id"], each["module"]["code"])
            models.append((each["logTypes"], Model(each, module)))
    rules = [(each, parse(each["id"], each["code"], each["mocked"])) for each in given["rules"]]
    modules = [module for _, module in rules] + [model.module for _, model in models]
    world = World(globals_, [module for module in modules if module is not None])
    effects = Effects(world)
    answers = {}
    for rule, module in rules:
        by_type = {}
        for log_type in rule["logTypes"]:
            model = next((model for log_types, model in models if log_type in log_types), None)
            by_type[log_type] = None if module is None else boxes_of(module, world, effects, model)
        answers[rule["id"]] = by_type
    return json.dumps(answers)


def parse(name, code, mocked=()):
    try:
        return Module(name, code, frozenset(mocked))
    except (SyntaxError, ValueError, RecursionError):
        return None


def boxes_of(module, world, effects, model):
    home, function = world.find_function(module, "rule")
    if function is None or world.is_opaque:
        return None
    try:
        condition = Evaluator(world, effects, model).matches(home, function)
    except (GivenUp, RecursionError):
        return None
    if condition == EVERYTHING:
        return None
    return [{path: written(values) for path, values in box.items() if values != ANY} for box in condition]


def written(values):
    tokens = sorted(values.tokens)
    return {"not": tokens} if values.denied else {"in": tokens, "prefixes": sorted(values.prefixes), "parts": sorted(values.parts)}


def steps_of(path):
    """The steps of a plain path (`a` or `$.a.b`), or None."""
    steps = (path[2:] if path.startswith("$.") else path).split(".")
    return tuple(steps) if all(step.isidentifier() for step in steps) else None
