"""What can be known of a module from its text: names bound once, functions, imports, and whether anything may change them."""

import ast

# What may do anything to any module, or to the names of its own.
WORLDLY_MODULES = {"importlib", "ctypes", "gc", "inspect", "builtins", "runpy"}
WORLDLY_NAMES = {"__import__", "__builtins__"}
SELF_CHANGING = {"exec", "eval", "globals", "vars", "__dict__", "__globals__", "__code__"}

READING_BUILTINS = {
    "abs", "all", "any", "bool", "dict", "divmod", "enumerate", "filter", "float", "format", "frozenset", "getattr", "hasattr", "hash",
    "int", "isinstance", "issubclass", "iter", "len", "list", "map", "max", "min", "next", "ord", "chr", "print", "range", "repr",
    "reversed", "round", "set", "slice", "sorted", "str", "sum", "tuple", "type", "zip", "callable", "bytes", "hex", "oct", "bin",
    "Exception", "ValueError", "KeyError", "TypeError", "AttributeError", "RuntimeError", "IndexError",
}  # fmt: skip
READING_METHODS = {
    "get", "keys", "values", "items", "copy", "index", "count", "union", "intersection", "difference", "symmetric_difference",
    "issubset", "issuperset", "isdisjoint", "lower", "upper", "casefold", "title", "capitalize", "startswith", "endswith", "strip",
    "lstrip", "rstrip", "split", "rsplit", "splitlines", "partition", "rpartition", "join", "format", "format_map", "replace", "find",
    "rfind", "rindex", "encode", "decode", "isdigit", "isalpha", "isalnum", "isnumeric", "isdecimal", "islower", "isupper", "isspace",
    "removeprefix", "removesuffix", "zfill", "ljust", "rjust", "center", "translate", "match", "search", "fullmatch", "findall",
    "finditer", "sub", "group", "groups", "groupdict", "span", "start", "end", "deep_get", "deep_walk", "udm", "udm_path", "to_dict",
    "as_list", "event_time_epoch", "lookup", "isoformat", "timestamp", "strftime", "date", "time", "total_seconds", "astimezone",
    "weekday", "isoweekday", "utcoffset", "overlaps", "subnet_of", "supernet_of", "most_common", "elements", "hex", "bit_length",
}  # fmt: skip
CHANGING_METHODS = {
    "append", "add", "update", "pop", "popitem", "remove", "discard", "extend", "insert", "clear", "setdefault", "sort", "reverse",
    "appendleft", "popleft", "intersection_update", "difference_update", "symmetric_difference_update",
}  # fmt: skip
QUIET_MODULES = {
    "re", "json", "math", "datetime", "ipaddress", "fnmatch", "collections", "functools", "itertools", "base64", "binascii", "typing",
    "string", "urllib", "difflib", "shlex", "time", "uuid", "hashlib", "hmac", "operator", "enum", "dataclasses", "textwrap", "random",
    "copy", "calendar", "decimal", "fractions", "statistics", "logging", "abc", "types", "dateutil", "policyuniverse", "panther_core",
    "zoneinfo", "html", "unicodedata", "struct", "secrets", "os", "bisect", "heapq", "contextlib", "numbers", "__future__",
}  # fmt: skip


class Module:
    """A module's text, read. `known` holds names that are bound once, at the top, and nowhere else."""

    def __init__(self, name, code, mocked=()):
        self.name = name
        self.tree = ast.parse(code)
        self.parents = {}
        self.names = {}
        declared, words, imported = set(), set(), set()
        starred = False
        waiting = [self.tree]
        for node in waiting:
            for child in children_of(node):
                self.parents[child] = node
                waiting.append(child)
            if isinstance(node, ast.Name):
                self.names.setdefault(node.id, []).append(node)
            elif isinstance(node, ast.Attribute):
                words.add(node.attr)
            elif isinstance(node, ast.Global):
                declared.update(node.names)
            elif isinstance(node, ast.Import):
                imported.update(alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").split(".")[0])
                starred = starred or node.names[0].name == "*"
        words.update(self.names)
        bound = {}
        count_bindings(self.tree.body, bound)
        self.variables = set(bound)
        self.known = {}
        for statement in self.tree.body:
            for name, value in _definitions(statement):
                if bound.get(name) == 1 and name not in declared and name not in mocked:
                    self.known[name] = value
        patches = any(isinstance(origin, tuple) and origin == ("unittest.mock", "patch") for origin in self.known.values())
        reaches = "sys" in imported and "modules" in words
        self.is_worldly = bool(words & WORLDLY_NAMES or imported & WORLDLY_MODULES) or patches or reaches
        self.is_opaque = starred or self.is_worldly or bool(words & SELF_CHANGING)
        if self.is_opaque:
            self.known = {}

    def function(self, name):
        found = self.known.get(name)
        return found if isinstance(found, ast.FunctionDef) else None

    def imported(self, name):
        """The (module, name or None) that a name was imported from, or None."""
        found = self.known.get(name)
        return found if isinstance(found, tuple) else None


def children_of(node):
    """What stands right below a node. Kept with it, since most nodes are come by again and again."""
    try:
        return node.children
    except AttributeError:
        found = []
        for field in node._fields:
            value = getattr(node, field, None)
            if type(value) is list:
                found.extend(each for each in value if isinstance(each, ast.AST))
            elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
                found.append(value)
        node.children = found
        return found


def walk(node):
    """A node and all that stands below it."""
    found = [node]
    for each in found:
        found.extend(children_of(each))
    return found


def _definitions(statement):
    """The names that a statement at the top of a module binds: to an expression, a function, a class, or an import as a tuple."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
        yield statement.targets[0].id, statement.value
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value is not None:
        yield statement.target.id, statement.value
    elif isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        yield statement.name, statement
    elif isinstance(statement, ast.Import):
        for alias in statement.names:
            if alias.asname is not None or "." not in alias.name:
                yield alias.asname or alias.name, (alias.name, None)
            else:
                yield alias.name.split(".")[0], (alias.name.split(".")[0], None)
    elif isinstance(statement, ast.ImportFrom) and statement.level == 0:
        for alias in statement.names:
            yield alias.asname or alias.name, (statement.module, alias.name)


def count_bindings(nodes, bound):
    """Counts what binds names in a scope; what stands inside of functions and classes is theirs."""
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            bound[node.id] = bound.get(node.id, 0) + 1
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                name = alias.asname or alias.name.split(".")[0]
                bound[name] = bound.get(name, 0) + 1
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound[node.name] = bound.get(node.name, 0) + 1
            continue
        elif isinstance(node, ast.Lambda):
            continue
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name is not None:
            bound[node.name] = bound.get(node.name, 0) + 1
        elif isinstance(node, ast.MatchMapping) and node.rest is not None:
            bound[node.rest] = bound.get(node.rest, 0) + 1
        count_bindings(children_of(node), bound)


def locals_of(function):
    """The names that a function binds: parameters, and all that its body assigns without declaring them global."""
    bound = {}
    count_bindings(function.body, bound)
    arguments = function.args
    parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    parameters += [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
    declared = {name for node in walk(function) if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names}
    return (set(bound) - declared) | {each.arg for each in parameters}


class World:
    """All modules of a repository: globals by the name they are imported by, and the detections and data models that import them."""

    def __init__(self, globals_, others):
        self.globals = globals_
        self.modules = [*globals_.values(), *others]
        self.is_opaque = any(module.is_worldly for module in self.modules)
        # (module, name or None for all): what another module may change.
        self.changed = set()
        for module in self.modules:
            self._note_changes(module)

    def _note_changes(self, module):
        for name, nodes in module.names.items():
            origin = module.imported(name)
            if origin is None or origin[0] not in self.globals:
                continue
            for node in nodes:
                if isinstance(node.ctx, (ast.Store, ast.Del)):
                    continue
                if origin[1] is not None:
                    if not self.is_only_read(module, node, False):
                        self.changed.add(origin)
                    continue
                used = module.parents[node]
                if not isinstance(used, ast.Attribute):
                    self.changed.add((origin[0], None))
                elif not isinstance(used.ctx, ast.Load):
                    self.changed.add((origin[0], used.attr))
                    self.changed.add((origin[0], used.attr, "bound"))
                elif not self.is_only_read(module, used, False):
                    self.changed.add((origin[0], used.attr))

    def may_rebind(self, module, name):
        return (module.name, None) in self.changed or (module.name, name, "bound") in self.changed

    def may_change(self, module, name):
        """Whether the members of a list, set or dict that a name of a module holds may change after it was made."""
        if (module.name, None) in self.changed or (module.name, name) in self.changed:
            return True
        flat = is_flat(module.known[name])
        return not all(
            isinstance(node.ctx, ast.Store) or self.is_only_read(module, node, flat) for node in module.names.get(name, [])
        )

    def is_only_read(self, module, node, flat, depth=0):
        """Whether the place where a value stands can only read it. Members of a flat value cannot change themselves."""
        parent = module.parents[node]
        if isinstance(parent, (ast.Compare, ast.FormattedValue, ast.Expr)):
            return True
        if isinstance(parent, (ast.If, ast.While, ast.IfExp, ast.Assert)):
            return parent.test is node
        if isinstance(parent, ast.UnaryOp):
            return True
        if isinstance(parent, ast.Subscript):
            if parent.value is not node or not isinstance(parent.ctx, ast.Load):
                return parent.slice is node
            return flat or self.is_only_read(module, parent, flat, depth)
        if isinstance(parent, ast.Attribute):
            call = module.parents[parent]
            if parent.attr not in READING_METHODS or not isinstance(call, ast.Call) or call.func is not parent:
                return False
            return flat or self.is_only_read(module, call, flat, depth)
        if isinstance(parent, (ast.For, ast.comprehension)):
            return parent.iter is node and flat
        if isinstance(parent, (ast.Starred, ast.BinOp)):
            return flat
        if isinstance(parent, ast.AugAssign):
            return flat and parent.value is node
        if isinstance(parent, ast.Call) and parent.func is not node and isinstance(parent.func, ast.Name):
            name = parent.func.id
            if name in READING_BUILTINS and name not in module.variables:
                return flat or name in {"len", "bool", "str", "repr", "isinstance", "print"}
            return depth < 3 and self._parameter_is_only_read(module, parent, node, flat, depth)
        if isinstance(parent, ast.Call) and parent.func is node:
            return True
        return False

    def _parameter_is_only_read(self, module, call, node, flat, depth):
        home, function = self.find_function(module, call.func.id)
        if function is None or node not in call.args or any(isinstance(each, ast.Starred) for each in call.args):
            return False
        parameters = [*function.args.posonlyargs, *function.args.args]
        position = call.args.index(node)
        if position >= len(parameters):
            return False
        name = parameters[position].arg
        return all(
            isinstance(each.ctx, ast.Load) and self.is_only_read(home, each, flat, depth + 1)
            for each in walk(function)
            if isinstance(each, ast.Name) and each.id == name
        )

    def find_function(self, module, name):
        """The function that a name of a module stands for, and the module it is written in."""
        own = module.function(name)
        if own is not None and not self.may_rebind(module, name):
            return module, own
        origin = module.imported(name)
        if origin is not None and origin[1] is not None and origin[0] in self.globals:
            return self.find_function_in(origin[0], origin[1])
        return module, None

    def find_function_in(self, global_name, name, depth=0):
        home = self.globals.get(global_name)
        if home is None or depth > 4:
            return home, None
        own = home.function(name)
        if own is not None:
            return (home, None) if self.may_rebind(home, name) else (home, own)
        origin = home.imported(name)
        if origin is not None and origin[1] is not None and not self.may_rebind(home, name):
            return self.find_function_in(origin[0], origin[1], depth + 1)
        return home, None


def is_flat(node):
    """Whether the members of a display are plain values."""
    if not isinstance(node, ast.AST):
        return False
    holders = (ast.List, ast.Set, ast.Dict, ast.Call, ast.Name, ast.Attribute)
    inner = [each for each in walk(node) if isinstance(each, holders) and each is not node]
    if isinstance(node, ast.Call) and len(node.args) == 1:
        inner = [each for each in inner if each is not node.args[0] and each is not node.func]
    return not inner
