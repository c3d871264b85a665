"""Writes the rules of the installed package `pypanther` as a repository in Panther's layout: convert.py FOLDER.

A rule there is a class: its functions become those of a module, its members names of that module, its fields the YAML beside it. Bodies stay
as they are, but for `self`. What does not fit is named in FOLDER/left-out.json; the last line of output counts.
"""

import ast
import importlib
import json
import os
import sys

import pypanther.data_models
import pypanther.helpers
import pypanther.rules
from pypanther.base import RULE_ALL_ATTRS, DataModel, Rule
from ruamel.yaml import YAML

FIELDS = {*RULE_ALL_ATTRS, "tests"}
FUNCTIONS = {"rule", "title", "dedup", "severity", "description", "reference", "runbook", "destinations", "alert_context"}
# Names that stand for text in the package and are text in a repository.
ENUMS = {"Severity": pypanther.Severity, "LogType": pypanther.LogType}


class LeftOut(Exception):
    pass


def global_name(helper):
    return f"panther_{helper}_helpers"


class Imports(ast.NodeTransformer):
    """Helpers are globals; what the package itself offers is not there."""

    def visit_ImportFrom(self, node):
        parts = (node.module or "").split(".")
        if parts[:2] == ["pypanther", "helpers"]:
            if len(parts) == 3:
                return ast.ImportFrom(module=global_name(parts[2]), names=node.names, level=0)
            return [ast.Import(names=[ast.alias(global_name(each.name), each.asname or each.name)]) for each in node.names]
        if parts == ["pypanther"]:
            helpers = [each for each in node.names if each.name == "helpers"]
            if helpers:
                raise LeftOut("imports the package of helpers whole")
            return None
        if parts[0] == "pypanther":
            if parts == ["pypanther", "base"] or parts[1] in ("severity", "log_types"):
                return None
            raise LeftOut(f"imports {node.module}")
        return node

    def visit_Attribute(self, node):
        self.generic_visit(node)
        if isinstance(node.value, ast.Name) and node.value.id in ENUMS and isinstance(node.ctx, ast.Load):
            member = getattr(ENUMS[node.value.id], node.attr, None)
            if isinstance(member, str):
                return ast.copy_location(ast.Constant(str(getattr(member, "value", member))), node)
        return node


class Members(ast.NodeTransformer):
    """`self.name` is `name` of the module, in one function."""

    def __init__(self, members, own_name):
        self.members, self.own_name, self.stored, self.used = members, own_name, set(), set()

    def visit_Attribute(self, node):
        self.generic_visit(node)
        if not isinstance(node.value, ast.Name) or node.value.id not in ("self", self.own_name):
            return node
        if node.attr not in self.members and isinstance(node.ctx, ast.Load):
            raise LeftOut(f"uses self.{node.attr}, which the class does not define")
        self.used.add(node.attr)
        if not isinstance(node.ctx, ast.Load):
            self.stored.add(node.attr)
        return ast.copy_location(ast.Name(id=node.attr, ctx=node.ctx), node)


def names_bound_in(function):
    """Parameters and local names, also of the functions inside."""
    bound = set()
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
    return bound


def function_of(method, members, own_name):
    if method.decorator_list and [ast.unparse(each) for each in method.decorator_list] != ["staticmethod"]:
        raise LeftOut(f"{method.name} is decorated with {ast.unparse(method.decorator_list[0])}")
    if not method.decorator_list:
        if not method.args.args or method.args.args[0].arg != "self":
            raise LeftOut(f"{method.name} has no self")
        method.args.args.pop(0)
    method.decorator_list = []
    bound = names_bound_in(method)
    change = Members(members, own_name)
    method = change.visit(method)
    shadowed = sorted(change.used & bound)
    if shadowed:
        raise LeftOut(f"{method.name} has a local name that is a member too: {', '.join(shadowed)}")
    if any(isinstance(node, ast.Name) and node.id in ("self", "super") for node in ast.walk(method)):
        raise LeftOut(f"{method.name} uses self as a value")
    if change.stored:
        at = 1 if ast.get_docstring(method) is not None else 0
        method.body.insert(at, ast.Global(names=sorted(change.stored)))
    return method


def stored_members(cls):
    return {
        node.attr
        for node in ast.walk(cls)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self" and not isinstance(node.ctx, ast.Load)
    }


def names_of(statement):
    if isinstance(statement, ast.Assign):
        return {node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name)}
    if isinstance(statement, ast.AnnAssign):
        return {statement.target.id}
    return {statement.name} if isinstance(statement, (ast.FunctionDef, ast.ClassDef)) else set()


def code_of(tree, cls):
    """The program of a rule, without its class."""
    outside = set()
    for statement in tree.body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            outside |= {(each.asname or each.name).split(".")[0] for each in statement.names}
        elif statement is not cls:
            outside |= names_of(statement)
    own = [each for each in cls.body if not names_of(each) or not names_of(each) <= FIELDS]
    members = {name for each in own for name in names_of(each)} | stored_members(cls)
    # A member that is a name of the file too, and no call of it without `self`, would be another thing in a module.
    bare = {node.id for node in ast.walk(cls) if isinstance(node, ast.Name)}
    both = sorted(members & outside & bare)
    if both:
        raise LeftOut(f"is a member and a name of the file: {', '.join(both)}")
    body = []
    for statement in own:
        if isinstance(statement, ast.FunctionDef):
            if statement.name != "validate_config":
                body.append(function_of(statement, members, cls.name))
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)) or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            body.append(statement)
        elif not isinstance(statement, ast.Pass):
            raise LeftOut(f"has a {type(statement).__name__} in its class")
    return written(tree, cls, body)


def written(tree, cls, body):
    at = tree.body.index(cls)
    module = ast.Module(body=[*tree.body[:at], *body, *tree.body[at + 1 :]], type_ignores=[])
    module = ast.fix_missing_locations(Imports().visit(module))
    module.body = [each for each in module.body if each is not None]
    return ast.unparse(module) + "\n"


def plain(value):
    """Enums as their text, all else as YAML holds it."""
    if isinstance(value, dict):
        return {str(plain(key)): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, str):
        return str(getattr(value, "value", value))
    if value is None or isinstance(value, (bool, int, float)):
        return value
    raise LeftOut(f"has a {type(value).__name__} in its fields")


def test_of(test):
    mocks = []
    for mock in test.mocks:
        if mock.side_effect is not None or mock.new is not None or not isinstance(mock.return_value, (str, bool)):
            raise LeftOut(f"the mock of {mock.object_name} in test {test.name} returns other things than text or a boolean")
        mocks.append({"objectName": mock.object_name, "returnValue": mock.return_value})
    answer = {"Name": test.name, "ExpectedResult": test.expected_result, "Log": plain(test.log_data())}
    return {**answer, "Mocks": mocks} if mocks else answer


def specification(rule, file_name):
    if rule.include_filters or rule.exclude_filters:
        raise LeftOut("has filters in Python")
    fields = {
        "AnalysisType": "rule",
        "Filename": file_name,
        "RuleID": rule.id,
        "DisplayName": rule.display_name or None,
        "Enabled": rule.enabled,
        "CreateAlert": None if rule.create_alert else False,
        "LogTypes": plain(rule.log_types),
        "Severity": str(plain(rule.default_severity)).capitalize(),
        "DedupPeriodMinutes": rule.dedup_period_minutes,
        "Threshold": rule.threshold,
        "Description": rule.default_description or None,
        "Runbook": rule.default_runbook or None,
        "Reference": rule.default_reference or None,
        "OutputIds": rule.default_destinations or None,
        "SummaryAttributes": rule.summary_attributes or None,
        "Tags": rule.tags or None,
        "Reports": rule.reports or None,
        "Tests": [test_of(test) for test in getattr(rule, "_tests", rule.tests)] or None,
    }
    return {name: plain(value) for name, value in fields.items() if value is not None}


class Repository:
    def __init__(self, folder):
        self.folder, self.left_out = folder, []
        self.counts = {"rules": 0, "tests": 0, "globals": 0, "dataModels": 0}
        self.yaml = YAML(typ="safe")
        self.yaml.default_flow_style = False
        self.yaml.allow_unicode = True
        self.yaml.width = 120
        # The same list in two tests is written twice, as people do.
        self.yaml.representer.ignore_aliases = lambda *_: True

    def write(self, path, text):
        path = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text) if isinstance(text, str) else self.yaml.dump(text, file)

    def add_helper(self, name, tree):
        code = ast.unparse(ast.fix_missing_locations(Imports().visit(tree))) + "\n"
        ident = global_name(name)
        self.write(f"global_helpers/{ident}.py", code)
        self.write(f"global_helpers/{ident}.yml", {"AnalysisType": "global", "GlobalID": ident, "Filename": f"{ident}.py"})
        self.counts["globals"] += 1

    def add_model(self, name, tree, model, cls):
        mappings = []
        for each in model.mappings:
            way = {"Path": each.path} if each.path else {"Method": each.method.__name__}
            mappings.append({"Name": each.name, **way})
        item = {
            "AnalysisType": "datamodel",
            "DataModelID": model.id,
            "DisplayName": model.display_name or None,
            "Enabled": model.enabled,
            "LogTypes": plain(model.log_types),
            "Mappings": mappings,
        }
        if any("Method" in each for each in mappings):
            item["Filename"] = f"{name}.py"
            self.write(f"data_models/{name}.py", written(tree, cls, []))
        self.write(f"data_models/{name}.yml", {key: value for key, value in item.items() if value is not None})
        self.counts["dataModels"] += 1

    def add_rule(self, module, tree, rule, cls):
        folder, name = module.__name__.removeprefix("pypanther.rules.").rsplit(".", 1)
        spec = specification(rule, f"{name}.py")
        path = f"rules/{folder.replace('.', '/')}/{name}"
        self.write(f"{path}.py", code_of(tree, cls))
        self.write(f"{path}.yml", spec)
        self.counts["rules"] += 1
        self.counts["tests"] += len(spec.get("Tests", []))

    def attempt(self, name, add, *given):
        try:
            add(*given)
        except LeftOut as error:
            self.left_out.append({"name": name, "reason": str(error)})


def modules_of(package):
    root = os.path.dirname(package.__file__)
    for folder, _, files in sorted(os.walk(root)):
        for name in sorted(files):
            if not name.endswith(".py") or name == "__init__.py":
                continue
            path = os.path.join(folder, name)
            below = os.path.relpath(path, root)[: -len(".py")].replace(os.sep, ".")
            with open(path, encoding="utf-8") as file:
                yield importlib.import_module(f"{package.__name__}.{below}"), ast.parse(file.read())


def classes_of(module, tree, kind):
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and isinstance(getattr(module, node.name), type) and issubclass(getattr(module, node.name), kind):
            yield getattr(module, node.name), node


def main(folder):
    repository = Repository(folder)
    for module, tree in modules_of(pypanther.helpers):
        name = module.__name__.rsplit(".", 1)[1]
        repository.attempt(module.__name__, repository.add_helper, name, tree)
    for module, tree in modules_of(pypanther.data_models):
        for model, cls in classes_of(module, tree, DataModel):
            repository.attempt(model.id, repository.add_model, module.__name__.rsplit(".", 1)[1], tree, model, cls)
    for module, tree in modules_of(pypanther.rules):
        rules = list(classes_of(module, tree, Rule))
        if len(rules) != 1:
            repository.left_out.append({"name": module.__name__, "reason": f"has {len(rules)} rules in one file"})
        for rule, cls in rules[:1]:
            repository.attempt(rule.id, repository.add_rule, module, tree, rule, cls)
    repository.write("left-out.json", json.dumps(repository.left_out, indent=2) + "\n")
    print(json.dumps({**repository.counts, "leftOut": len(repository.left_out)}))


main(sys.argv[1])
