"""Whether running a piece of a program may do more than compute: a call that a rule makes for every event cannot be left out."""

import ast

from .modules import CHANGING_METHODS, QUIET_MODULES, READING_BUILTINS, READING_METHODS, locals_of, walk


class Effects:
    def __init__(self, world):
        self.world = world
        self._quiet = {}
        self._stateful = {}

    def has_effect(self, node, module, names):
        """Whether evaluating an expression or statement, in a function with these local names, may leave something behind."""
        return any(self._does(each, module, names) for each in walk(node))

    def is_quiet(self, home, function):
        key = function
        if key not in self._quiet:
            # A function that calls itself is as quiet as the rest of it.
            self._quiet[key] = True
            names = locals_of(function)
            inner = {
                name
                for each in walk(function)
                if isinstance(each, (ast.FunctionDef, ast.Lambda)) and each is not function
                for name in _parameters(each)
            }
            whole = [*function.decorator_list, *function.body]
            self._quiet[key] = not any(self.has_effect(each, home, names | inner) for each in whole)
        return self._quiet[key]

    def _does(self, node, module, names):
        if isinstance(node, ast.Call):
            return self._call_does(node, module, names)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in names:
            # Handed on as in map(f, …), a function may be called too.
            home, found = self.world.find_function(module, node.id)
            origin = module.imported(node.id)
            if found is not None:
                return not self.is_quiet(home, found)
            return origin is not None and origin[0] not in self.world.globals and origin[0].split(".")[0] not in QUIET_MODULES
        if isinstance(node, (ast.Global, ast.Nonlocal, ast.With, ast.AsyncWith, ast.Await)):
            return True
        if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            root = root_of(node)
            return root not in names or self._may_be_state(module)
        return False

    def _call_does(self, call, module, names):
        function = call.func
        if isinstance(function, ast.Name):
            return function.id in names or self._name_does(function.id, module)
        if not isinstance(function, ast.Attribute):
            return True
        root = root_of(function.value)
        if root is not None and root not in names:
            origin = module.imported(root)
            if origin is not None:
                if origin[0] not in self.world.globals:
                    return origin[0].split(".")[0] not in QUIET_MODULES
                if origin[1] is None and isinstance(function.value, ast.Name):
                    home, found = self.world.find_function_in(origin[0], function.attr)
                    return found is None or not self.is_quiet(home, found)
        if function.attr in READING_METHODS:
            return False
        if function.attr in CHANGING_METHODS:
            if root is None:
                return not isinstance(function.value, (ast.List, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp))
            return root not in names or self._may_be_state(module)
        return True

    def _name_does(self, name, module):
        home, found = self.world.find_function(module, name)
        if found is not None:
            return not self.is_quiet(home, found)
        origin = module.imported(name)
        if origin is not None:
            return origin[0] in self.world.globals or origin[0].split(".")[0] not in QUIET_MODULES
        return name not in READING_BUILTINS or name in module.variables

    def _may_be_state(self, module):
        """Whether a local name of a module may be another name for something that is kept: by it, by what it imports or is imported by."""
        is_shared = self.world.globals.get(module.name) is module
        near = self.world.modules if is_shared else [module, *self.world.globals.values()]
        return any(self._holds_state(each) for each in near)

    def _holds_state(self, module):
        """Whether a module has something that its functions change."""
        if module not in self._stateful:
            kept = {name for name in module.variables if name not in module.known}
            kept |= {
                name
                for name, value in module.known.items()
                if isinstance(value, ast.expr) and not isinstance(value, ast.Constant) and self.world.may_change(module, name)
            }
            self._stateful[module] = bool(kept)
        return self._stateful[module]


def root_of(node):
    """The name that a chain of attributes, subscripts and calls begins with, or None."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _parameters(function):
    arguments = function.args
    return [each.arg for each in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]]
