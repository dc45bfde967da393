"""Rules of the architecture that imports alone can't tell, each a function over source text.

Every rule takes the path of a module, relative to the repository, and its source, and returns complaints.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

MAXIMUM_LINES = 320
SURFACES = ("app/web/", "app/embed/", "app/api/", "app/oidc/", "app/hooks/", "app/console/")
CLOCK = "app/kit/clock.py"
COMMITTER = "app/db.py"
FORBIDDEN_CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
}
GROUND_SERVICES = {"folding", "ledger", "outbox", "tokens"}
WRITING_METHODS = {"POST", "PUT", "PATCH", "DELETE"}


def commits_only_in_db(path: str, source: str) -> list[str]:
    """Forbid calls of a `commit` anywhere but in the module of `transaction()`."""
    if path == COMMITTER:
        return []
    return [
        f"{path}:{call.lineno}: commits; only transaction() in {COMMITTER} may"
        for call in _calls(ast.parse(source))
        if isinstance(call.func, ast.Attribute) and call.func.attr == "commit"
    ]


def time_only_from_the_clock(path: str, source: str) -> list[str]:
    """Forbid reading the time of day anywhere but in the clock, also under another name."""
    if path == CLOCK:
        return []
    tree = ast.parse(source)
    names = _imported(tree)
    return [
        f"{path}:{node.lineno}: reads the time of day; kit.clock is for that"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Name) and _dotted(node, names)[-2:] in FORBIDDEN_CLOCKS
    ]


def gets_call_no_flow(path: str, source: str) -> list[str]:
    """Forbid route functions that answer GET alone to call what comes from `app.flows`."""
    if not path.startswith(SURFACES):
        return []
    tree = ast.parse(source)
    names = _imported(tree)
    return [
        f"{path}:{call.lineno}: {function.name} answers GET and calls a flow; a GET changes nothing"
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and _answers_get_alone(function)
        for call in _calls(function)
        if _dotted(call.func, names)[:2] == ("app", "flows")
    ]


def ground_services_stand_alone(path: str, source: str) -> list[str]:
    """Forbid the services that all others stand on to import any but each other."""
    folder, _, name = path.rpartition("/")
    if folder != "app/services" or name.removesuffix(".py") not in GROUND_SERVICES:
        return []
    imported = [parts for parts in _imported(ast.parse(source)).values() if parts[:2] == ("app", "services")]
    return [
        f"{path}: imports {'.'.join(parts)}; ledger, outbox and tokens know no other service"
        for parts in imported
        if len(parts) < 3 or parts[2] not in GROUND_SERVICES
    ]


def files_stay_short(path: str, source: str) -> list[str]:
    """Forbid files that a reader can't take in."""
    lines = len(source.splitlines())
    return [f"{path}: {lines} lines; {MAXIMUM_LINES} is the most"] if lines > MAXIMUM_LINES else []


def _answers_get_alone(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    methods = [method for decorator in function.decorator_list for method in _methods(decorator)]
    return "GET" in methods and not WRITING_METHODS & set(methods)


def _methods(decorator: ast.expr) -> Iterator[str]:
    """Tell the methods that one decorator registers: `bp.get(...)`, `bp.post(...)`, `bp.route(..., methods=[...])`."""
    if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute):
        return
    verb = decorator.func.attr.upper()
    if verb in {"GET", *WRITING_METHODS}:
        yield verb
    elif verb == "ROUTE":
        given = [keyword.value for keyword in decorator.keywords if keyword.arg == "methods"]
        yield from (str(method).upper() for method in ast.literal_eval(given[0])) if given else ["GET"]


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _imported(tree: ast.AST) -> dict[str, tuple[str, ...]]:
    """Map each imported name of a module to what it stands for, as the parts of a dotted name."""
    names: dict[str, tuple[str, ...]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = (*node.module.split("."), alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                parts = tuple(alias.name.split("."))
                names[alias.asname or parts[0]] = parts if alias.asname else parts[:1]
    return names


def _dotted(node: ast.expr, names: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Resolve `a.b.c` to what the imports make of it; empty for anything else."""
    if isinstance(node, ast.Name):
        return names.get(node.id, ())
    if isinstance(node, ast.Attribute):
        beginning = _dotted(node.value, names)
        return (*beginning, node.attr) if beginning else ()
    return ()
