"""Follows a rule through its program for all events at once: for which of them may it return something true?"""

import ast
from typing import NamedTuple

from .conditions import EVERYTHING, NOTHING, both, either
from .modules import count_bindings, is_flat, locals_of, walk
from .patterns import part_of
from .values import (
    COLLECTIONS,
    EVENT,
    NONE,
    UNKNOWN,
    Choice,
    Const,
    Event,
    Field,
    Home,
    Listed,
    Pattern,
    Truth,
    all_of,
    begun,
    chosen,
    compared,
    found,
    in_text,
    inside,
    is_changeable,
    joined,
    matched,
    members_of,
    truth,
)

MOST_STEPS = 20_000
MOST_CALLS_DEEP = 8
MOST_UNROLLED = 60
PATTERN_METHODS = {"search", "match", "fullmatch"}


class GivenUp(Exception):
    """A rule does what is not followed here."""


class Scope(NamedTuple):
    """Where code stands: its module, the names that are its own, and how many calls deep."""

    module: object
    names: frozenset
    depth: int
    # Names that expressions bind (`:=`).
    fleeting: frozenset = frozenset()


class Evaluator:
    def __init__(self, world, effects, model):
        self.world = world
        self.effects = effects
        self.model = model
        self.steps = 0
        # Events for which something happens before the rule answers.
        self.noted = NOTHING
        self._constants = {}

    def matches(self, module, function):
        """The condition under which a rule may match, or may do something that later answers depend on."""
        result = self.call(module, function, [EVENT], {}, EVERYTHING, 0)
        return either(truth(result)[0], self.noted)

    # Statements. Each answers the condition under which the next one is reached, and the local names then.

    def block(self, statements, path, env, scope, returns):
        for statement in statements:
            if path == NOTHING:
                break
            path, env = self.statement(statement, path, env, scope, returns)
        return path, env

    def statement(self, node, path, env, scope, returns):
        self.step()
        method = getattr(self, "on_" + type(node).__name__.lower(), None)
        if method is None:
            raise GivenUp(type(node).__name__)
        return method(node, path, env, scope, returns)

    def step(self):
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise GivenUp("too much to follow")

    def on_return(self, node, path, env, scope, returns):
        value = NONE if node.value is None else self.value(node.value, path, env, scope)
        returns.append((path, value))
        return NOTHING, env

    def on_raise(self, node, path, env, scope, returns):
        return NOTHING, env

    def on_break(self, node, path, env, scope, returns):
        return NOTHING, env

    on_continue = on_break

    def on_pass(self, node, path, env, scope, returns):
        return path, env

    on_nonlocal = on_pass

    def on_global(self, node, path, env, scope, returns):
        self.note(path)
        return path, env

    def on_expr(self, node, path, env, scope, returns):
        self.value(node.value, path, env, scope)
        return path, env

    def on_assert(self, node, path, env, scope, returns):
        self.value(node.test, path, env, scope)
        return path, env

    def on_import(self, node, path, env, scope, returns):
        return path, self.forget([node], env)

    on_importfrom = on_functiondef = on_classdef = on_import

    def on_delete(self, node, path, env, scope, returns):
        self.note_if(node, path, scope)
        return path, self.forget([node], env)

    def on_augassign(self, node, path, env, scope, returns):
        self.value(node.value, path, env, scope)
        self.note_if(node.target, path, scope)
        return path, self.forget([node], env)

    def on_annassign(self, node, path, env, scope, returns):
        if node.value is None:
            return path, env
        return self.assign([node.target], node.value, path, env, scope)

    def on_assign(self, node, path, env, scope, returns):
        return self.assign(node.targets, node.value, path, env, scope)

    def assign(self, targets, expression, path, env, scope):
        value = self.value(expression, path, env, scope)
        env = self.forget(targets, env)
        for target in targets:
            if isinstance(target, ast.Name):
                env = {**env, target.id: self.kept(target.id, expression, value, scope)}
            elif isinstance(target, ast.Tuple) and isinstance(value, (Listed, Const)):
                members = members_of(value)
                if members is not None and len(members) == len(target.elts):
                    for name, member in zip(target.elts, members):
                        if isinstance(name, ast.Name):
                            env = {**env, name.id: UNKNOWN if is_changeable(member) else member}
            else:
                self.note_if(target, path, scope)
        return path, env

    def kept(self, name, expression, value, scope):
        """A local value that somebody may change is not known for long."""
        if not (is_changeable(value) or isinstance(value, Listed)):
            return value
        flat = is_flat(expression)
        uses = [each for each in scope.module.names.get(name, []) if isinstance(each.ctx, ast.Load)]
        return value if all(self.world.is_only_read(scope.module, each, flat) for each in uses) else UNKNOWN

    def on_if(self, node, path, env, scope, returns):
        true, false = truth(self.value(node.test, path, env, scope))
        true, false = both(path, true), both(path, false)
        one, first = self.block(node.body, true, env, scope, returns)
        other, second = self.block(node.orelse, false, env, scope, returns)
        return either(one, other), joined(one, first, other, second)

    def on_for(self, node, path, env, scope, returns):
        over = self.value(node.iter, path, env, scope)
        members = members_of(over)
        jumps = any(isinstance(each, (ast.Break, ast.Continue)) for statement in node.body for each in walk(statement))
        simple = isinstance(node.target, ast.Name) and members is not None and len(members) <= MOST_UNROLLED
        after = self.forget([node.target, *node.body], env)
        if not simple or jumps:
            self.block(node.body, path, after, scope, returns)
            self.block(node.orelse, path, after, scope, returns)
            return path, self.forget(node.orelse, after)
        here = env
        for member in members:
            here = {**here, node.target.id: UNKNOWN if is_changeable(member) else member}
            path, here = self.block(node.body, path, here, scope, returns)
        path, here = self.block(node.orelse, path, here, scope, returns)
        return path, self.forget([node.target, *node.body, *node.orelse], here)

    on_asyncfor = None

    def on_while(self, node, path, env, scope, returns):
        after = self.forget([node.test, *node.body], env)
        self.value(node.test, path, after, scope)
        self.block(node.body, path, after, scope, returns)
        self.block(node.orelse, path, after, scope, returns)
        return path, self.forget(node.orelse, after)

    def on_try(self, node, path, env, scope, returns):
        anywhere = self.forget([*node.body, *node.handlers], env)
        out, names = self.block(node.body, path, env, scope, returns)
        out, names = self.block(node.orelse, out, names, scope, returns)
        for handler in node.handlers:
            # It may be reached from any place of the body.
            more, other = self.block(handler.body, path, anywhere, scope, returns)
            names = joined(out, names, more, other)
            out = either(out, more)
        if node.finalbody:
            anywhere = self.forget([*node.body, *node.handlers, *node.orelse], env)
            self.block(node.finalbody, path, anywhere, scope, returns)
            names = self.forget(node.finalbody, names)
        return out, names

    on_trystar = None

    def on_with(self, node, path, env, scope, returns):
        for item in node.items:
            self.value(item.context_expr, path, env, scope)
        self.note(path)
        after = self.forget([*node.items, *node.body], env)
        self.block(node.body, path, after, scope, returns)
        return path, after

    def on_match(self, node, path, env, scope, returns):
        subject = self.value(node.subject, path, env, scope)
        left, out = path, NOTHING
        after = self.forget(node.cases, env)
        for case in node.cases:
            inside = self.forget([case], env)
            true, false = self.pattern(case.pattern, subject, path, inside, scope)
            here = both(left, true)
            if case.guard is None:
                left = both(left, false)
            else:
                here = both(here, truth(self.value(case.guard, here, inside, scope))[0])
            more, _ = self.block(case.body, here, inside, scope, returns)
            out = either(out, more)
        return either(out, left), after

    def pattern(self, pattern, subject, path, env, scope):
        if isinstance(pattern, ast.MatchValue):
            return truth(compared(ast.Eq(), subject, self.value(pattern.value, path, env, scope)))
        if isinstance(pattern, ast.MatchSingleton):
            return truth(compared(ast.Is(), subject, Const(pattern.value)))
        if isinstance(pattern, ast.MatchOr):
            results = [self.pattern(each, subject, path, env, scope) for each in pattern.patterns]
            false = EVERYTHING
            for result in results:
                false = both(false, result[1])
            return either(*(result[0] for result in results)), false
        if isinstance(pattern, ast.MatchAs) and pattern.pattern is None:
            return EVERYTHING, NOTHING
        return EVERYTHING, EVERYTHING

    def forget(self, nodes, env):
        bound = {}
        count_bindings(nodes, bound)
        return {name: UNKNOWN if name in bound else value for name, value in env.items()} if bound else env

    def note(self, path):
        self.noted = either(self.noted, path)

    def note_if(self, node, path, scope):
        if self.effects.has_effect(node, scope.module, scope.names):
            self.note(path)

    # Expressions. What is not followed is unknown, and noted if it may do something.

    def value(self, node, path, env, scope):
        self.step()
        method = getattr(self, "of_" + type(node).__name__.lower(), None)
        if method is None:
            self.note_if(node, path, scope)
            return UNKNOWN
        return method(node, path, env, scope)

    def of_constant(self, node, path, env, scope):
        return Const(node.value)

    def of_name(self, node, path, env, scope):
        if node.id in scope.fleeting:
            return UNKNOWN
        if node.id in env:
            return env[node.id]
        return UNKNOWN if node.id in scope.names else self.global_value(scope.module, node.id)

    def of_attribute(self, node, path, env, scope):
        if isinstance(node.value, ast.Name) and node.value.id not in scope.names:
            home = self.global_value(scope.module, node.value.id)
            if isinstance(home, Home):
                return self.global_value(self.world.globals[home.name], node.attr)
        self.note_if(node, path, scope)
        return UNKNOWN

    def of_subscript(self, node, path, env, scope):
        base = self.value(node.value, path, env, scope)
        key = self.value(node.slice, path, env, scope)
        if isinstance(base, (Event, Field)) and isinstance(key, Const) and isinstance(key.value, str):
            return inside(base, key.value, NONE)
        return UNKNOWN

    def of_tuple(self, node, path, env, scope):
        members = [self.value(each, path, env, scope) for each in node.elts]
        if any(isinstance(each, ast.Starred) for each in node.elts):
            return UNKNOWN
        if all(isinstance(each, Const) for each in members):
            make = {ast.Tuple: tuple, ast.List: list, ast.Set: set}[type(node)]
            try:
                return Const(make(each.value for each in members))
            except TypeError:
                return UNKNOWN
        return Listed(tuple(members))

    of_list = of_set = of_tuple

    def of_starred(self, node, path, env, scope):
        return self.value(node.value, path, env, scope)

    def of_dict(self, node, path, env, scope):
        keys = [UNKNOWN if key is None else self.value(key, path, env, scope) for key in node.keys]
        values = [self.value(value, path, env, scope) for value in node.values]
        if all(isinstance(each, Const) for each in [*keys, *values]):
            try:
                return Const({key.value: value.value for key, value in zip(keys, values)})
            except TypeError:
                return UNKNOWN
        return UNKNOWN

    def of_binop(self, node, path, env, scope):
        left, right = self.value(node.left, path, env, scope), self.value(node.right, path, env, scope)
        if isinstance(left, Const) and isinstance(right, Const) and isinstance(left.value, (str, *COLLECTIONS)):
            try:
                if isinstance(node.op, ast.Add):
                    return Const(left.value + right.value)
                if isinstance(node.op, ast.BitOr):
                    return Const(left.value | right.value)
                if isinstance(node.op, ast.Sub):
                    return Const(left.value - right.value)
            except TypeError:
                return UNKNOWN
        return UNKNOWN

    def of_unaryop(self, node, path, env, scope):
        value = self.value(node.operand, path, env, scope)
        if isinstance(node.op, ast.Not):
            true, false = truth(value)
            return Truth(false, true)
        if isinstance(node.op, ast.USub) and isinstance(value, Const) and isinstance(value.value, (int, float)):
            return Const(-value.value)
        return UNKNOWN

    def of_boolop(self, node, path, env, scope):
        is_and = isinstance(node.op, ast.And)
        true, false = (EVERYTHING, NOTHING) if is_and else (NOTHING, EVERYTHING)
        here = path
        parts = []
        for operand in node.values:
            value = self.value(operand, here, env, scope)
            yes, no = truth(value)
            true, false = (both(true, yes), either(false, no)) if is_and else (either(true, yes), both(false, no))
            parts.append((no if is_and else yes, value))
            here = both(here, yes if is_and else no)
        parts[-1] = (EVERYTHING, parts[-1][1])
        if all(isinstance(value, Truth) and value.is_bool for _, value in parts):
            return Truth(true, false)
        return Choice(tuple(parts), (true, false))

    def of_ifexp(self, node, path, env, scope):
        true, false = truth(self.value(node.test, path, env, scope))
        one = self.value(node.body, both(path, true), env, scope)
        other = self.value(node.orelse, both(path, false), env, scope)
        return chosen([(true, one), (false, other)])

    def of_namedexpr(self, node, path, env, scope):
        return self.value(node.value, path, env, scope)

    def of_compare(self, node, path, env, scope):
        values = [self.value(each, path, env, scope) for each in [node.left, *node.comparators]]
        true, false = EVERYTHING, NOTHING
        for op, left, right in zip(node.ops, values, values[1:]):
            yes, no = truth(compared(op, left, right))
            true, false = both(true, yes), either(false, no)
        return Truth(true, false)

    def of_joinedstr(self, node, path, env, scope):
        self.note_if(node, path, scope)
        return UNKNOWN

    def of_call(self, node, path, env, scope):
        function = node.func
        if isinstance(function, ast.Attribute):
            return self.method_call(node, function, path, env, scope)
        if isinstance(function, ast.Name) and function.id not in scope.names and function.id not in env:
            home, found = self.world.find_function(scope.module, function.id)
            if found is not None:
                return self.own_call(node, home, found, path, env, scope)
            origin = scope.module.imported(function.id)
            if function.id not in scope.module.variables:
                return self.builtin_call(node, function.id, path, env, scope)
            if origin in (("fnmatch", "fnmatch"), ("fnmatch", "fnmatchcase")) and len(node.args) == 2 and not node.keywords:
                return matched(*(self.value(each, path, env, scope) for each in node.args))
        self.note_if(node, path, scope)
        return UNKNOWN

    def own_call(self, node, home, function, path, env, scope):
        if any(isinstance(each, ast.Starred) for each in node.args) or any(each.arg is None for each in node.keywords):
            self.note_if(node, path, scope)
            return UNKNOWN
        arguments = [self.value(each, path, env, scope) for each in node.args]
        named = {each.arg: self.value(each.value, path, env, scope) for each in node.keywords}
        try:
            return self.call(home, function, arguments, named, path, scope.depth + 1)
        except GivenUp:
            if self.steps > MOST_STEPS:
                raise
            self.note_if(node, path, scope)
            return UNKNOWN

    def call(self, home, function, arguments, named, path, depth):
        """What a function of the repository answers to arguments, for the events of a path."""
        given = function.args
        if depth > MOST_CALLS_DEEP or function.decorator_list or given.vararg or given.kwarg:
            raise GivenUp("a function that is not followed")
        if any(isinstance(each, (ast.Yield, ast.YieldFrom, ast.Await)) for each in walk(function)):
            raise GivenUp("a generator")
        names = [each.arg for each in [*given.posonlyargs, *given.args]]
        defaults = dict(zip(reversed(names), reversed(given.defaults)))
        defaults.update({each.arg: own for each, own in zip(given.kwonlyargs, given.kw_defaults) if own is not None})
        env = dict(zip(names, arguments))
        env.update(named)
        fleeting = {each.target.id for each in walk(function) if isinstance(each, ast.NamedExpr)}
        scope = Scope(home, frozenset(locals_of(function)), depth, frozenset(fleeting))
        for name in [*names, *(each.arg for each in given.kwonlyargs)]:
            if name not in env:
                default = defaults.get(name)
                env[name] = Const(default.value) if isinstance(default, ast.Constant) else UNKNOWN
            elif is_changeable(env[name]) and not self.only_reads(home, function, name):
                env[name] = UNKNOWN
        if len(arguments) > len(names) or any(name not in scope.names for name in named):
            raise GivenUp("arguments that do not fit")
        returns = []
        left, _ = self.block(function.body, path, env, scope, returns)
        if left != NOTHING:
            returns.append((left, NONE))
        return chosen(returns)

    def only_reads(self, home, function, name):
        uses = [each for each in walk(function) if isinstance(each, ast.Name) and each.id == name]
        return all(self.world.is_only_read(home, each, False) for each in uses)

    def builtin_call(self, node, name, path, env, scope):
        if name in ("all", "any") and len(node.args) == 1 and not node.keywords:
            members = self.each_of(node.args[0], path, env, scope)
            if members is not None:
                results = [truth(member) for member in members]
                if name == "all":
                    return Truth(all_of(true for true, _ in results), either(*(false for _, false in results)))
                return Truth(either(*(true for true, _ in results)), all_of(false for _, false in results))
        arguments = [self.value(each, path, env, scope) for each in node.args]
        for keyword in node.keywords:
            self.value(keyword.value, path, env, scope)
        if name == "bool" and len(arguments) == 1:
            return Truth(*truth(arguments[0]))
        if name in ("set", "frozenset", "list", "tuple", "sorted") and len(arguments) <= 1 and not node.keywords:
            make = {"set": set, "frozenset": frozenset, "list": list, "tuple": tuple, "sorted": sorted}[name]
            if not arguments:
                return Const(make(()))
            if isinstance(arguments[0], Const) and isinstance(arguments[0].value, COLLECTIONS):
                try:
                    return Const(make(arguments[0].value))
                except TypeError:
                    return UNKNOWN
        self.note_if(node, path, scope)
        return UNKNOWN

    def each_of(self, node, path, env, scope):
        """The members of what is listed in the program, or None. A comprehension over known members is written out."""
        if isinstance(node, (ast.GeneratorExp, ast.ListComp, ast.SetComp)):
            if len(node.generators) != 1:
                return None
            [over] = node.generators
            members = members_of(self.value(over.iter, path, env, scope))
            if members is None or len(members) > MOST_UNROLLED or over.ifs or over.is_async or not isinstance(over.target, ast.Name):
                return None
            return [self.value(node.elt, path, {**env, over.target.id: member}, scope) for member in members]
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)) and not any(isinstance(each, ast.Starred) for each in node.elts):
            return [self.value(each, path, env, scope) for each in node.elts]
        return members_of(self.value(node, path, env, scope))

    def method_call(self, node, function, path, env, scope):
        name = function.attr
        if isinstance(function.value, ast.Name) and function.value.id not in scope.names:
            origin = scope.module.imported(function.value.id)
            if origin is not None and origin[1] is None:
                if origin[0] in self.world.globals:
                    home, found = self.world.find_function_in(origin[0], name)
                    if found is not None:
                        return self.own_call(node, home, found, path, env, scope)
                elif origin[0] == "fnmatch" and name in ("fnmatch", "fnmatchcase") and len(node.args) == 2 and not node.keywords:
                    return matched(*(self.value(each, path, env, scope) for each in node.args))
                elif origin[0] == "re" and not node.keywords:
                    result = self.pattern_call(name, [self.value(each, path, env, scope) for each in node.args], node.args)
                    if result is not None:
                        return result
                self.note_if(node, path, scope)
                return UNKNOWN
        base = self.value(function.value, path, env, scope)
        arguments = [self.value(each, path, env, scope) for each in node.args]
        named = {each.arg: self.value(each.value, path, env, scope) for each in node.keywords}
        starred = any(isinstance(each, ast.Starred) for each in node.args) or None in named
        if not starred:
            result = self.method(base, name, arguments, named, path, scope)
            if result is not None:
                return result
        self.note_if(node, path, scope)
        return UNKNOWN

    def pattern_call(self, name, arguments, nodes):
        """A regular expression, or what one finds; None where that cannot be said."""
        own = 1 if name == "compile" else 2
        if name not in PATTERN_METHODS | {"compile"} or not own <= len(arguments) <= own + 1:
            return None
        # Other ways to read an expression (verbose) are not followed.
        if len(nodes) > own and not (isinstance(nodes[own], ast.Attribute) and nodes[own].attr in ("I", "IGNORECASE")):
            return None
        part = part_of(arguments[0].value) if isinstance(arguments[0], Const) else None
        if part is None:
            return None
        return Pattern(part) if name == "compile" else found(arguments[1], Pattern(part))

    def method(self, base, name, arguments, named, path, scope):
        """What a method answers that is known here; None for any other."""
        if isinstance(base, Choice):
            results = [(condition, self.method(part, name, arguments, named, path, scope)) for condition, part in base.parts]
            return None if any(result is None for _, result in results) else chosen(results)
        keys = [each.value if isinstance(each, Const) and isinstance(each.value, str) else None for each in arguments]
        if isinstance(base, (Event, Field)) and name == "get" and 1 <= len(arguments) <= 2 and set(named) <= {"default"} and keys[0]:
            return inside(base, keys[0], arguments[1] if len(arguments) == 2 else named.get("default", NONE))
        if isinstance(base, Event) and name == "deep_get" and keys and all(keys) and set(named) <= {"default"}:
            value = base
            for key in keys:
                value = inside(value, key, NONE)
            return value._replace(default=named.get("default", NONE)) if isinstance(value, Field) else UNKNOWN
        if isinstance(base, Event) and name == "udm" and len(keys) == 1 and keys[0] and set(named) <= {"default"}:
            return self.udm(keys[0], named.get("default", NONE), path, scope)
        if isinstance(base, Field) and name in ("lower", "casefold", "upper") and not arguments and isinstance(base.default, Const):
            # Text is compared in small letters anyway.
            default = base.default.value
            return base._replace(default=Const(getattr(default, name)())) if isinstance(default, str) else base
        if isinstance(base, Field) and name == "startswith" and len(arguments) == 1:
            return begun(base, arguments[0])
        if isinstance(base, Field) and name == "endswith" and len(arguments) == 1 and isinstance(arguments[0], Const):
            words = arguments[0].value if isinstance(arguments[0].value, tuple) else (arguments[0].value,)
            if all(isinstance(word, str) for word in words):
                return Truth(either(*(truth(in_text(base, word))[0] for word in words)), EVERYTHING)
        if isinstance(base, Pattern) and name in PATTERN_METHODS and len(arguments) == 1 and not named:
            return found(arguments[0], base)
        if isinstance(base, Const) and isinstance(base.value, str) and not named and all(isinstance(each, Const) for each in arguments):
            if name in ("lower", "upper", "casefold", "strip", "startswith", "endswith", "split"):
                try:
                    return Const(getattr(base.value, name)(*(each.value for each in arguments)))
                except TypeError:
                    return UNKNOWN
        if isinstance(base, Const) and isinstance(base.value, dict) and not arguments and name in ("keys", "values"):
            return Const(tuple(getattr(base.value, name)()))
        if isinstance(base, Const) and base.value in (None, {}) and name == "get" and keys and keys[0]:
            return arguments[1] if len(arguments) > 1 else named.get("default", NONE)
        return None

    def udm(self, key, default, path, scope):
        if self.model is None or key not in self.model.mappings:
            return UNKNOWN
        mapping = self.model.mappings[key]
        if isinstance(mapping, tuple):
            value = EVENT
            for step in mapping:
                value = inside(value, step, NONE)
            return value._replace(default=default) if isinstance(value, Field) else UNKNOWN
        home, found = self.model.module, self.model.module and self.model.module.function(mapping)
        if found is None:
            self.note(path)
            return UNKNOWN
        try:
            return self.call(home, found, [EVENT], {}, path, scope.depth + 1)
        except GivenUp:
            if self.steps > MOST_STEPS or not self.effects.is_quiet(home, found):
                raise
            return UNKNOWN

    def global_value(self, module, name, depth=0):
        """What a name of a module stands for, when nothing changes it."""
        key = (module.name, id(module), name)
        if key not in self._constants:
            self._constants[key] = UNKNOWN
            self._constants[key] = self._global_value(module, name, depth)
        return self._constants[key]

    def _global_value(self, module, name, depth):
        if name not in module.known or self.world.may_rebind(module, name) or depth > MOST_CALLS_DEEP:
            return UNKNOWN
        origin = module.imported(name)
        if origin is not None:
            home = self.world.globals.get(origin[0])
            if home is None:
                return UNKNOWN
            return Home(origin[0]) if origin[1] is None else self.global_value(home, origin[1], depth + 1)
        expression = module.known[name]
        if not isinstance(expression, ast.expr):
            return UNKNOWN
        noted = self.noted
        value = self.value(expression, EVERYTHING, {}, Scope(module, frozenset(), depth))
        self.noted = noted
        if isinstance(value, Pattern):
            return value
        if not isinstance(value, Const) or (is_changeable(value) and self.world.may_change(module, name)):
            return UNKNOWN
        return value
