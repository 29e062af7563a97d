"""Which AWS operations a function's source can reach, found by reading it, without running it.

From the handler's module on, references are followed: to imported names, to methods of a variable or
attribute whose class an annotation or a call tells (``table: Table``, ``held = Held(...)``), and from
a protocol to every class that has its members. A reference counts like a call, since ``partial`` and
tables of functions call later. An operation is an attribute of a client: of ``aws.reader("ecs")``, or
of a variable that bears the service's name, as all of them here do.

What cannot be followed would be missed in silence, so ``sites`` lists every operation in the source by
itself: a test compares the two.
"""

import ast
import importlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import boto3
from botocore import xform_name

from rehearsal.aws.iam import NEEDED

FUNCTIONS = Path(__file__).resolve().parents[2] / "functions"
CLIENTS = {
    "autoscaling": "application-autoscaling",
    "client": "dynamodb",
    "lambda_client": "lambda",
    **{one.split(".")[0]: one.split(".")[0] for one in NEEDED},
}
"""Service by the name of the variable that holds its client."""

Node = ast.FunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Site:
    """One place in the source that calls an AWS operation.

    Attributes:
        operation: for example ``dynamodb.Query``.
        where: file and name of the function that it is in.
        words: every text constant in that function.
    """

    operation: str
    where: str
    words: frozenset[str] = field(compare=False)


@cache
def operations(service: str) -> dict[str, str]:
    """Return the operations of a service by the client's method."""
    session = boto3.session.Session(region_name="us-east-1")
    model = session.client(service).meta.service_model
    return {xform_name(name): f"{service}.{name}" for name in model.operation_names}


class Module:
    """One file: its definitions, and what its names mean."""

    def __init__(self, name: str) -> None:
        self.name = name
        path = FUNCTIONS / f"{name.replace('.', '/')}.py"
        self.path = path if path.exists() else FUNCTIONS / name.replace(".", "/") / "__init__.py"
        self.tree = ast.parse(self.path.read_text(encoding="utf-8"))
        self.definitions = {one.name: one for one in self.tree.body if isinstance(one, Node)}
        self.names: dict[str, tuple[str, str]] = {}
        for one in ast.walk(self.tree):
            if isinstance(one, ast.ImportFrom) and one.module:
                for alias in one.names:
                    self.names[alias.asname or alias.name] = (one.module, alias.name)

    def imports(self) -> Iterator[str]:
        """Return the names of our modules that this one imports."""
        for module, name in self.names.values():
            for candidate in (f"{module}.{name}", module):
                if _exists(candidate):
                    yield candidate
                    break


Code = tuple[Module, str, ast.AST]
"""A piece of source, with its module and the class that it is in, if it is in one."""


def _exists(module: str) -> bool:
    path = FUNCTIONS / module.replace(".", "/")
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def _last(node: ast.expr) -> str:
    """Return the last identifier of ``self._kit.gate``: gate; nothing for what is no such chain."""
    if isinstance(node, ast.Attribute):
        return node.attr.strip("_")
    return node.id.strip("_") if isinstance(node, ast.Name) else ""


class Source:
    """All modules that a function's handler imports."""

    def __init__(self, folder: str) -> None:
        self.modules: dict[str, Module] = {}
        self.handler = f"{folder}.handler"
        waiting = [self.handler]
        while waiting:
            name = waiting.pop()
            if name not in self.modules:
                self.modules[name] = Module(name)
                waiting += self.modules[name].imports()
        self.classes = {
            one.name: (module, one)
            for module in self.modules.values()
            for one in module.definitions.values()
            if isinstance(one, ast.ClassDef)
        }
        self.types: dict[str, set[str]] = {}
        for module in self.modules.values():
            for node in ast.walk(module.tree):
                self._learn(node)

    def _learn(self, node: ast.AST) -> None:
        if isinstance(node, ast.AnnAssign):
            self._is(_last(node.target), node.annotation)
        elif isinstance(node, ast.arg) and node.annotation:
            self._is(node.arg, node.annotation)
        elif isinstance(node, ast.keyword) and isinstance(node.value, ast.Call):
            self._is(node.arg or "", node.value.func)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            for target in node.targets:
                self._is(_last(target), node.value.func)

    def _is(self, name: str, kind: ast.expr) -> None:
        for part in ast.walk(kind):
            if isinstance(part, ast.Name) and part.id in self.classes:
                self.types.setdefault(name.strip("_"), set()).add(part.id)

    def _members(self, kind: str) -> dict[str, ast.stmt]:
        """Return what a class defines: methods and annotated fields."""
        members: dict[str, ast.stmt] = {}
        for one in self.classes[kind][1].body:
            if isinstance(one, ast.FunctionDef):
                members[one.name] = one
            elif isinstance(one, ast.AnnAssign):
                members[_last(one.target)] = one
        return members

    def meant(self, kind: str, name: str) -> Iterator[Code]:
        """Return the methods that ``name`` may mean on an instance of a class or a protocol."""
        protocol = "Protocol" in {_last(base) for base in self.classes[kind][1].bases}
        wanted = set(self._members(kind))
        for other, (module, _) in self.classes.items():
            members = self._members(other)
            fits = other == kind or (protocol and wanted <= set(members))
            if fits and isinstance(members.get(name), ast.FunctionDef):
                yield module, other, members[name]

    def reachable(self) -> list[tuple[Module, ast.AST]]:
        """Return all code that the handler can reach, module bodies first."""
        waiting: list[Code] = [
            (module, "", statement)
            for module in self.modules.values()
            for statement in module.tree.body
            if not isinstance(statement, Node)
        ]
        waiting += self._named(self.modules[self.handler], "handle")
        done: dict[int, tuple[Module, ast.AST]] = {}
        while waiting:
            module, owner, code = waiting.pop()
            if id(code) in done:
                continue
            done[id(code)] = (module, code)
            for node in ast.walk(code):
                waiting += self._targets(module, owner, node)
        return list(done.values())

    def _targets(self, module: Module, owner: str, node: ast.AST) -> Iterator[Code]:
        if isinstance(node, ast.Name):
            yield from self._named(module, node.id)
        elif isinstance(node, ast.Attribute):
            of, name = node.value, node.attr
            meant = module.names.get(of.id) if isinstance(of, ast.Name) else None
            if meant and ".".join(meant) in self.modules:
                yield from self._named(self.modules[".".join(meant)], name)
                return
            for kind in self._kinds(owner, of):
                yield from self.meant(kind, name)

    def _kinds(self, owner: str, receiver: ast.expr) -> set[str]:
        """Return the classes that a receiver may be of."""
        if isinstance(receiver, ast.Call):
            return {_last(receiver.func)} & set(self.classes)
        if isinstance(receiver, ast.Name) and receiver.id in ("self", "cls"):
            return {owner} - {""}
        return self.types.get(_last(receiver), set())

    def _named(self, module: Module, name: str) -> Iterator[Code]:
        if name in module.names:
            origin, original = module.names[name]
            if origin in self.modules:
                yield from self._named(self.modules[origin], original)
        elif name in module.definitions:
            found = module.definitions[name]
            if isinstance(found, ast.FunctionDef):
                yield module, "", found
            else:
                for part in found.body:
                    if not isinstance(part, ast.FunctionDef) or part.name.startswith("__"):
                        yield module, name, part


def _operation(node: ast.AST) -> str:
    """Return the AWS operation that an attribute is, or nothing."""
    if not isinstance(node, ast.Attribute):
        return ""
    of = node.value
    if isinstance(of, ast.Call) and _last(of.func) in ("reader", "fixer") and of.args:
        service = str(of.args[0].value) if isinstance(of.args[0], ast.Constant) else ""
    else:
        service = CLIENTS.get(_last(of), "")
    return operations(service).get(node.attr, "") if service else ""


def _words(code: ast.AST) -> frozenset[str]:
    return frozenset(
        one.value
        for one in ast.walk(code)
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    )


def _sites(module: Module, code: ast.AST) -> Iterator[Site]:
    where = f"{module.path.relative_to(FUNCTIONS)} {getattr(code, 'name', '')}".strip()
    for node in ast.walk(code):
        operation = _operation(node)
        if operation:
            yield Site(operation, where, _words(code))


@cache
def reached(folder: str) -> frozenset[Site]:
    """Return every place that the function's handler can reach and that calls AWS."""
    return frozenset(
        site for module, code in Source(folder).reachable() for site in _sites(module, code)
    )


@cache
def words(folder: str) -> frozenset[str]:
    """Return every text constant that the function's handler can reach."""
    return frozenset(word for _, code in Source(folder).reachable() for word in _words(code))


@cache
def settings_class(folder: str) -> type:
    """Return the class that the function's handler loads its settings into."""
    module, name = Module(f"{folder}.handler").names["Settings"]
    found: type = getattr(importlib.import_module(module), name)
    return found


@cache
def passes(folder: str, argument: str) -> bool:
    """Say whether the function's own files pass something that is true or not empty by this name."""
    return any(
        isinstance(node, ast.keyword)
        and node.arg == argument
        and ast.unparse(node.value) not in ("{}", "()", "False", "None")
        for path in (FUNCTIONS / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    )


@cache
def sites() -> frozenset[Site]:
    """Return every place in the whole source that calls AWS."""
    found: set[Site] = set()
    for path in FUNCTIONS.rglob("*.py"):
        name = ".".join(path.relative_to(FUNCTIONS).with_suffix("").parts)
        module = Module(name.removesuffix(".__init__"))
        for code in ast.walk(module.tree):
            if isinstance(code, ast.FunctionDef):
                found |= set(_sites(module, code))
    return frozenset(found)
