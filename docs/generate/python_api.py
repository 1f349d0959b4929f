"""Describe the public Python names of a package from their signatures and docstrings."""

import importlib
import inspect
import re

_SECTION = re.compile(r"(Args|Attributes|Raises|Returns|Yields):")
_ENTRY = re.compile(r"    (\*{0,2}[\w., ]+?): (.*)")


def python_api(package: str) -> str:
    """Return a section for each public name of a package."""
    module = importlib.import_module(package)
    sections = []
    for name in sorted(module.__all__):
        value = getattr(module, name)
        if inspect.ismodule(value):
            continue
        sections.append(_section(package, name, value))
    return "\n\n".join(sections)


def _section(package: str, name: str, value: object) -> str:
    if not (inspect.isclass(value) or inspect.isroutine(value)):
        return f"## {name}\n\n`{package}.{name}`, {type(value).__name__}"
    lines = [f"## {name}", "", _signature(name, value), "", markdown(inspect.getdoc(value) or "")]
    if inspect.isclass(value):
        for method_name, method in _methods(value):
            doc = markdown(inspect.getdoc(method) or "")
            lines += ["", f"### {name}.{method_name}", "", _signature(method_name, method), "", doc]
    return "\n".join(lines)


def _methods(cls: type) -> list[tuple[str, object]]:
    """Return the documented public methods and properties that a class defines itself."""
    found: list[tuple[str, object]] = []
    for name, value in vars(cls).items():
        if isinstance(value, classmethod | staticmethod):
            value = value.__func__
        is_method = inspect.isfunction(value) or isinstance(value, property)
        if not name.startswith("_") and is_method and value.__doc__:
            found.append((name, value))
    return found


def _signature(name: str, value: object) -> str:
    # A class of DSPy has a metaclass whose call takes anything.
    called = value.__init__ if inspect.isclass(value) else value
    try:
        signature = inspect.signature(called)  # pyright: ignore[reportArgumentType]
        parameters = [p for p in signature.parameters.values() if p.name not in ("self", "cls")]
        text = f"{name}{signature.replace(parameters=parameters)}"
        text = text.removesuffix(" -> None") if inspect.isclass(value) else text
    except (TypeError, ValueError):
        text = name  # a property, or a class that is built in C
    text = re.sub(r"<[^<>]*? at 0x[0-9a-f]+>|<factory>", "...", text)
    return f"```python\n{text}\n```"


def markdown(doc: str) -> str:
    """Return a Google-style docstring as Markdown.

    >>> print(markdown("Add.\\n\\nArgs:\\n    n: a number."))
    Add.
    <BLANKLINE>
    **Args**
    <BLANKLINE>
    - `n`: a number.
    """
    lines: list[str] = []
    in_section = in_example = False
    for line in doc.splitlines():
        is_example = line.startswith(">>>") or (in_example and line.strip() != "")
        if is_example != in_example:
            lines.append("```pycon" if is_example else "```")
            in_example = is_example
        section = _SECTION.fullmatch(line)
        if section and not in_example:
            in_section = True
            lines += ["", f"**{section[1]}**", ""]
            continue
        if line and not line.startswith(" "):
            in_section = False
        entry = _ENTRY.fullmatch(line)
        if in_section and entry:
            lines.append(f"- `{entry[1]}`: {entry[2]}")
        elif in_section:
            lines.append(f"  {line.strip()}" if line.strip() else "")
        else:
            lines.append(line)
    if in_example:
        lines.append("```")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
