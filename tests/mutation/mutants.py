"""The mutants of a module: its syntax tree with one small change each."""

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """``tree``: the whole module with the change; ``change`` says it in words."""

    line: int
    change: str
    tree: ast.Module


def mutants(source: str) -> list[Mutant]:
    """Every mutant, in the order of the source. Type annotations, and the options of dataclasses (frozen, slots), stay
    as they are."""
    tree = ast.parse(source)
    kept = _kept(tree)
    found = []
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in kept:
            continue
        for change, apply in _changes(node):
            changed = copy.deepcopy(tree)
            apply(next(twin for place, twin in enumerate(ast.walk(changed)) if place == number))
            found.append(Mutant(getattr(node, "lineno", 0), change, ast.fix_missing_locations(changed)))
    return sorted(found, key=lambda mutant: (mutant.line, mutant.change))


def _kept(tree: ast.Module) -> set[int]:
    """The nodes of all decorators."""
    decorated = (node for node in ast.walk(tree) if isinstance(node, (ast.ClassDef, ast.FunctionDef)))
    return {id(one) for node in decorated for decorator in node.decorator_list for one in ast.walk(decorator)}


def _changes(node: ast.AST) -> Iterator[tuple[str, Callable[[ast.AST], None]]]:
    """What can be changed about this node, and how."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in _COMPARISONS:
            other = _COMPARISONS[type(op)]
            yield f"{_name(op)} becomes {other.__name__}", lambda twin: setattr(twin, "ops", [other()])
        case ast.Compare(ops=[first, *rest]) if type(first) in _COMPARISONS:
            other = _COMPARISONS[type(first)]
            yield f"{_name(first)} becomes {other.__name__}", lambda twin: twin.ops.__setitem__(0, other())  # type: ignore[attr-defined]
            last = _COMPARISONS[type(rest[-1])]
            yield f"the last {_name(rest[-1])} becomes {last.__name__}", lambda twin: twin.ops.__setitem__(-1, last())  # type: ignore[attr-defined]
        case ast.BinOp(op=operator) if type(operator) in _OPERATORS and not _is_annotation(node):
            arithmetic = _OPERATORS[type(operator)]
            yield f"{_name(operator)} becomes {arithmetic.__name__}", lambda twin: setattr(twin, "op", arithmetic())
        case ast.BoolOp(op=ast.And()):
            yield "and becomes or", lambda twin: setattr(twin, "op", ast.Or())
        case ast.BoolOp(op=ast.Or()):
            yield "or becomes and", lambda twin: setattr(twin, "op", ast.And())
        case ast.UnaryOp(op=ast.Not()):
            yield "not is left out", lambda twin: setattr(twin, "op", ast.UAdd()) or _bare(twin)
        case ast.IfExp():
            yield "the branches change places", _swap
        case ast.Constant(value=bool(value)):
            yield f"{value} becomes {not value}", lambda twin: setattr(twin, "value", not value)
        case ast.Constant(value=int(value)):
            yield f"{value} becomes {value + 1}", lambda twin: setattr(twin, "value", value + 1)
        case ast.Call(func=ast.Name(id=name)) if name in _CALLS:
            yield f"{name} becomes {_CALLS[name]}", lambda twin: setattr(twin.func, "id", _CALLS[name])  # type: ignore[attr-defined]
        case ast.Raise():
            yield "nothing is raised", _silent
        case _:
            return


def _name(operator: ast.AST) -> str:
    return type(operator).__name__


def _is_annotation(node: ast.BinOp) -> bool:
    """``X | None`` of a type."""
    sides: Sequence[ast.expr] = (node.left, node.right)
    return any(isinstance(side, ast.Constant) and side.value is None for side in sides)


def _swap(twin: ast.AST) -> None:
    assert isinstance(twin, ast.IfExp)
    twin.body, twin.orelse = twin.orelse, twin.body


def _bare(twin: ast.AST) -> None:
    """``not x`` becomes ``bool(x)``."""
    assert isinstance(twin, ast.UnaryOp)
    twin.op, twin.operand = ast.Not(), ast.UnaryOp(ast.Not(), twin.operand)


def _silent(twin: ast.AST) -> None:
    assert isinstance(twin, ast.Raise)
    twin.exc = ast.Call(ast.Name("AssertionError", ast.Load()), [ast.Constant("another error")], [])
    twin.cause = None
