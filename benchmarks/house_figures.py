"""Size and shape of the house: python -m benchmarks.house_figures [CHECKOUT ...].

For each checkout, product and tests: files, lines, AST statements, files over 200 lines, folders
over 15 files. Of the product: circles between rooms and imports of a room by one that it imports.
Imports inside functions and for types alone count too.
"""

import ast
import sys
from collections import defaultdict
from pathlib import Path

MOST_LINES, MOST_FILES = 200, 15


def main() -> None:
    for checkout in map(Path, sys.argv[1:] or ["."]):
        for part in ("xray_assets", "xray_assets_tests", "benchmarks"):
            print(f"{checkout}: {part}: {size(checkout / part)}")
        circles = [sorted(circle) for circle in circles_of(imports(checkout / "xray_assets"))]
        print(f"{checkout}: {len(circles)} circles of rooms {circles or ''}")


def size(root: Path) -> str:
    files = sorted(root.rglob("*.py"))
    texts = {file: file.read_text() for file in files}
    statements = sum(
        isinstance(node, ast.stmt) for text in texts.values() for node in ast.walk(ast.parse(text))
    )
    lines = {file: text.count("\n") for file, text in texts.items()}
    long = [f"{file.relative_to(root)} {n}" for file, n in lines.items() if n > MOST_LINES]
    folders: dict[Path, int] = defaultdict(int)
    for file in files:
        folders[file.parent] += file.name != "__init__.py"
    full = [f"{folder.name} {n}" for folder, n in folders.items() if n > MOST_FILES]
    return (
        f"{len(files)} files, {sum(lines.values())} lines, {statements} statements, "
        f"{len(long)} over {MOST_LINES} lines {long or ''}, {len(full)} folders over {MOST_FILES} "
        f"files {full or ''}"
    )


def imports(package: Path) -> dict[str, set[str]]:
    """The rooms (folders and single files) that each room imports."""
    known: dict[str, set[str]] = defaultdict(set)
    for file in package.rglob("*.py"):
        room = file.relative_to(package).with_suffix("").parts[0]
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.ImportFrom) or not node.module:
                continue
            package_name, _, rest = node.module.partition(".")
            if package_name == package.name:
                rooms = [rest.partition(".")[0]] if rest else [alias.name for alias in node.names]
                known[room] |= {other for other in rooms if other != room}
    return known


def circles_of(known: dict[str, set[str]]) -> list[set[str]]:
    """Groups of rooms that reach each other."""

    def reached(room: str) -> set[str]:
        found, waiting = set(), [room]
        while waiting:
            new = known.get(waiting.pop(), set()) - found
            found |= new
            waiting += new
        return found

    reach = {room: reached(room) for room in list(known)}
    groups = {
        frozenset(other for other in reach if other in reach[room] and room in reach[other])
        for room in reach
        if room in reach[room]
    }
    return [set(group) for group in groups]


if __name__ == "__main__":
    main()
