"""Every event that the code can tell, found by reading it: its levels, its fields, and where."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
LEVELS = ("debug", "info", "warning", "error")
SELDOM = {"requests", "fix"}  # fields that agent/web/seldom.py adds to the ones of `tell`


@dataclass
class Told:
    """What the code can tell under one name. `open`: fields come that cannot be read off the call."""

    levels: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    open: bool = False
    without_fix: list[str] = field(default_factory=list)  # places of warnings that name no remedy


def events() -> dict[str, Told]:
    """Event -> what can be told."""
    found: dict[str, Told] = {}
    for path in sorted((ROOT / "agent").rglob("*.py")):
        if "sandbox" not in path.parts and path.name not in {"log.py", "seldom.py"}:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for call in ast.walk(tree):
                if isinstance(call, ast.Call):
                    _note(call, tree, f"{path.relative_to(ROOT)}:{call.lineno}", found)
    return found


def _note(call: ast.Call, tree: ast.Module, place: str, found: dict[str, Told]) -> None:
    if isinstance(call.func, ast.Name) and call.func.id == "Seldom":
        told = found.setdefault(_text(call.args[1]), Told())
        told.levels.add("error" if _keyword(call, "error") else "warning")
        told.fields |= SELDOM
        told.open = True  # what its `tell` is called with
        return
    levels = _levels(call, tree)
    if not levels or not call.args:
        return
    names = {one.arg for one in call.keywords if one.arg is not None} - {"error"}
    for event in _events(call.args[0], tree):
        told = found.setdefault(event, Told())
        told.levels |= levels
        told.fields |= names
        told.open |= any(one.arg is None for one in call.keywords)
        if levels & {"warning", "error"} and "fix" not in names and not told.open:
            told.without_fix.append(place)


def _levels(call: ast.Call, tree: ast.Module) -> set[str]:
    """log.info(...), or tell(...) where `tell` is one of several: then all of them. {} for other calls."""
    func = call.func
    if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name):
        return {func.attr} if func.value.id == "log" and func.attr in LEVELS else set()
    if isinstance(func, ast.Name) and func.id == "tell" and call.args:
        if not any("." in event for event in _events(call.args[0], tree)):
            return set()
        return {
            one.attr
            for assigned in ast.walk(tree)
            if isinstance(assigned, ast.Assign)
            and [getattr(target, "id", "") for target in assigned.targets] == ["tell"]
            for one in ast.walk(assigned.value)
            if isinstance(one, ast.Attribute) and one.attr in LEVELS
        }
    return set()


def _events(name: ast.expr, tree: ast.Module) -> Iterator[str]:
    """The name itself; of a variable `event`, all that it can be."""
    if isinstance(name, ast.Constant):
        yield str(name.value)
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            if [getattr(target, "id", "") for target in node.targets] == ["event"]:
                yield from (_text(one) for one in ast.walk(node.value) if _is_event(one))
        elif (
            isinstance(node, ast.Call)
            and getattr(node.func, "id", "") == "_tell"
            and node.args
            and _is_event(node.args[0])
        ):
            yield _text(node.args[0])


def _is_event(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and "." in str(node.value) and " " not in str(node.value)


def _text(node: ast.AST) -> str:
    assert isinstance(node, ast.Constant), ast.dump(node)
    return str(node.value)


def _keyword(call: ast.Call, name: str) -> bool:
    return any(one.arg == name and getattr(one.value, "value", False) for one in call.keywords)
