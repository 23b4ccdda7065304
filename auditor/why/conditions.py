"""Which conditions of a rule's check were not met, read from its own code and told in the model's words.

A rule's check is a few loops and conditions over the model, whose properties say in their docstrings what they mean.
While the rule runs, the lines that are reached are noted; a loop or a condition whose body is never reached is what
kept the rule silent.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import sys
import textwrap
from contextlib import contextmanager
from enum import Enum
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from auditor.dovecot.configuration import Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType, FrameType, ModuleType

    from auditor.rule import AnyRule

_PACKAGES = ("auditor.model", "auditor.access")


class Outcome(Enum):
    """What became of a loop or a condition."""

    EMPTY = "a loop over nothing"
    NOT_MET = "a condition for going on that was not met"
    MET = "a condition for stopping that was met"


class Term(NamedTuple):
    """One part of a condition: whether it is denied, and what it looks at, in the words of the model."""

    is_denied: bool
    words: tuple[str, ...]


class Condition(NamedTuple):
    """What kept a rule from speaking: its outcome and its parts, joined by and where not met, by or where met."""

    outcome: Outcome
    terms: tuple[Term, ...]


class Conditions:
    """The conditions in the methods of a rule."""

    def __init__(self, rule: type[AnyRule]) -> None:
        self._codes: dict[CodeType, ast.FunctionDef] = dict(_functions(rule))
        self._functions = _functions_named_in(sys.modules[rule.__module__])
        self._reached: dict[CodeType, set[int]] = {}

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Note the lines that are reached while the rule runs."""
        before = sys.gettrace()
        sys.settrace(self._on_call)
        try:
            yield
        finally:
            sys.settrace(before)

    def _on_call(self, frame: FrameType, _event: str, _argument: object) -> Callable[..., Any] | None:
        if frame.f_code not in self._codes:
            return None
        lines = self._reached.setdefault(frame.f_code, set())

        def on_line(inner: FrameType, _event: str, _argument: object) -> Callable[..., Any]:
            lines.add(inner.f_lineno)
            return on_line

        return on_line

    @property
    def decisive(self) -> tuple[Condition, ...]:
        """The loops and conditions that kept the rule from speaking, in the order of its code."""
        found = (one for code, lines in self._reached.items() for one in self._decisive(self._codes[code], lines))
        return tuple(dict.fromkeys(found))

    def _decisive(self, function: ast.FunctionDef, reached: set[int]) -> Iterator[Condition]:
        named = _assignments(function)
        pending: list[ast.stmt] = list(reversed(function.body))
        while pending:
            statement = pending.pop()
            if isinstance(statement, ast.If | ast.For):
                asked = statement.iter if isinstance(statement, ast.For) else statement.test
                # A condition of several lines begins with its first part.
                was_asked = not reached.isdisjoint(range(statement.lineno, (asked.end_lineno or 0) + 1))
                if was_asked and (outcome := _outcome(statement, reached)):
                    terms = dict.fromkeys(self._term(part, named) for part in _parts(asked, outcome))
                    yield Condition(outcome, tuple(terms))
            for body in ("orelse", "body"):
                pending += reversed(getattr(statement, body, []))

    def _term(self, part: ast.expr, named: dict[str, ast.expr]) -> Term:
        inner, denied = _without_denial(part)
        words = tuple(dict.fromkeys(_words(inner, named, self._functions)))
        return Term(denied, words or (f"`{ast.unparse(inner)}`",))


def _without_denial(part: ast.expr) -> tuple[ast.expr, bool]:
    """Return what a part of a condition is about, and whether it asks for the contrary."""
    match part:
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return inner, True
        case ast.Compare(left=inner, ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            return inner, True
        case ast.Compare(left=inner, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return inner, False
    return part, False


def _outcome(statement: ast.If | ast.For, reached: set[int]) -> Outcome | None:
    """Return what kept the rule from speaking here, None where it went on."""
    was_in = any(inner.lineno in reached for inner in statement.body)
    stops = isinstance(statement, ast.If) and isinstance(statement.body[-1], ast.Continue | ast.Return)
    if isinstance(statement, ast.For):
        return None if was_in else Outcome.EMPTY
    if stops:
        return Outcome.MET if was_in else None
    return None if was_in else Outcome.NOT_MET


def _parts(asked: ast.expr, outcome: Outcome) -> list[ast.expr]:
    """Return what a condition is put together from, any of which may have decided."""
    joined = ast.Or if outcome is Outcome.MET else ast.And
    if isinstance(asked, ast.BoolOp) and isinstance(asked.op, joined):
        return asked.values
    return [asked]


def _functions(rule: type[AnyRule]) -> Iterator[tuple[CodeType, ast.FunctionDef]]:
    """Yield the functions of a rule's file, and those of the classes it is made from, the base of all rules aside."""
    owners = [one for one in rule.__mro__ if one.__module__ not in ("auditor.rule", "typing", "builtins")]
    for members in (*map(vars, owners), vars(sys.modules[rule.__module__])):
        for function in members.values():
            if inspect.isfunction(function) and function.__module__ in {one.__module__ for one in owners}:
                lines, first = inspect.getsourcelines(function)
                tree = ast.parse(textwrap.dedent("".join(lines)))
                ast.increment_lineno(tree, first - 1)
                definition = tree.body[0]
                if isinstance(definition, ast.FunctionDef):
                    yield function.__code__, definition


def _assignments(function: ast.FunctionDef) -> dict[str, ast.expr]:
    """Return what the names of a function stand for, so that a loop over a name is one over what it holds."""
    found: dict[str, ast.expr] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
            pairs = [(target, value)]
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                pairs = list(zip(target.elts, value.elts, strict=True))
            found |= {name.id: stands_for for name, stands_for in pairs if isinstance(name, ast.Name)}
        elif isinstance(node, ast.NamedExpr):
            found[node.target.id] = node.value
    return found


def _words(asked: ast.expr, named: dict[str, ast.expr], functions: dict[str, str]) -> Iterator[str]:
    """Yield what the names in an expression mean, those that it holds by another name included, each once."""
    seen: set[str] = set()
    pending: list[ast.AST] = [asked]
    while pending:
        node = pending.pop(0)
        if isinstance(node, ast.Name) and node.id in named and node.id not in seen:
            pending.append(named[node.id])
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        meaning = (meanings() if isinstance(node, ast.Attribute) else functions).get(name)
        if meaning and name not in seen:
            yield meaning
        seen.add(name)
        pending += ast.iter_child_nodes(node)


@cache
def meanings() -> dict[str, str]:
    """Return what the properties and methods of the model are about; names that mean several things are left out.

    So are those of a setting's fields, which rules ask for the same way.
    """
    found: dict[str, str] = {}
    ambiguous = set(Setting._fields)
    for package in map(importlib.import_module, _PACKAGES):
        for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            module = importlib.import_module(info.name)
            for _, member in inspect.getmembers(module, inspect.isclass):
                for name, meaning in _described(member) if member.__module__ == info.name else ():
                    if found.setdefault(name, meaning) != meaning:
                        ambiguous.add(name)
    return {name: meaning for name, meaning in found.items() if name not in ambiguous}


def _functions_named_in(module: ModuleType) -> dict[str, str]:
    """Return what the functions in a rule's file are about, those of the model that it imports included."""
    packages = (*_PACKAGES, module.__name__)
    return {
        name: _first_sentence(inspect.getdoc(member) or "")
        for name, member in vars(module).items()
        if inspect.isfunction(member) and member.__module__.startswith(packages) and member.__doc__
    }


def _described(owner: type) -> Iterator[tuple[str, str]]:
    for name, value in vars(owner).items():
        described = value.fget if isinstance(value, property) else value
        if isinstance(described, cached_property) or inspect.isfunction(described):
            text = inspect.getdoc(described)
            if text and not name.startswith("_"):
                yield name, _first_sentence(text)


def _first_sentence(text: str) -> str:
    """Return a docstring's first paragraph as what it is about, without the verb that a docstring begins with."""
    sentence = " ".join(text.split("\n\n")[0].split())
    return re.sub(r"^(?:Return|Yield|Whether) ", "", sentence).replace("``", "`").rstrip(".")
