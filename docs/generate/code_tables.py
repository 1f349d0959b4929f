"""Describe presets, program files, records, variables and registries from the code."""

import ast
import inspect
import textwrap
from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from pydantic import BaseModel

from cope.answers.kinds.registry import ANSWER_KINDS
from cope.batch.runners.base import RUNNERS
from cope.eval.environments.registry import ENVIRONMENTS
from cope.eval.recording.schema import CALL_COLUMNS, COLUMNS
from cope.eval.tasks.registry import TASKS
from cope.models.engines.registry import ENGINES
from cope.optimize.optimizers.registry import OPTIMIZERS
from cope.programs.confidence.registry import CONFIDENCES
from cope.programs.domains.registry import DOMAINS
from cope.programs.plan_kinds import PLAN_KINDS
from cope.programs.pregate_spec import Pregate
from cope.programs.preset import Preset, load_preset, preset_names
from cope.programs.preset_round import Round
from cope.programs.saved_program import SAVED_PROGRAMS
from cope.programs.state_schema import PREDICTOR_KEYS, PROGRAM_KEYS
from cope.programs.systems.registry import SYSTEMS
from cope.util.environment import ENVIRONMENT_VARIABLES
from cope.util.registry import OWN_PACKAGE, Registry

REGISTRIES: dict[str, Registry[Any]] = {
    "tasks": TASKS,
    "answer kinds": ANSWER_KINDS,
    "confidences": CONFIDENCES,
    "plan kinds": PLAN_KINDS,
    "systems": SYSTEMS,
    "optimizers": OPTIMIZERS,
    "engines": ENGINES,
    "runners": RUNNERS,
    "domains": DOMAINS,
    "environments": ENVIRONMENTS,
    "saved programs": SAVED_PROGRAMS,
}
"""The registries by the name of their table."""

_KINDS = {"array": "list", "string": "text", "integer": "integer", "number": "number"}
"""The types of JSON schema as a preset's author knows them."""


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [head, ("---",) * len(head)]
    for row in rows:
        lines.append(tuple(" ".join(cell.split()).replace("|", r"\|") for cell in row))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def presets() -> str:
    """Return a table of the package's presets."""
    rows = [(f"`{name}`", load_preset(name).description) for name in preset_names()]
    return table(("preset", "its rounds"), rows)


def preset_keys() -> str:
    """Return a table of the keys of a preset, and one of the keys of a round."""
    gate = f"A table `pregate`:\n\n{_keys(Pregate)}"
    return f"{_keys(Preset)}\n\n{gate}\n\nEach round:\n\n{_keys(Round)}"


def _keys(model: type[BaseModel]) -> str:
    schema = model.model_json_schema()
    docs = attribute_docs(model)
    rows = []
    for name in model.model_fields:
        value = schema["properties"][name]
        default = "required" if name in schema.get("required", ()) else _default(value)
        rows.append((f"`{name}`", _values(value), default, docs[name]))
    return table(("key", "value", "default", "what it is"), rows)


def _default(value: Mapping[str, Any]) -> str:
    default = value.get("default")
    return "none" if default in (None, [], "") else f"`{default}`"


def _values(value: Mapping[str, Any]) -> str:
    """Return the type and the bounds that a JSON schema gives."""
    for option in value.get("anyOf", ()):
        if option.get("type") != "null":
            return _values(option)
    if "enum" in value:
        return " or ".join(f"`{item}`" for item in value["enum"])
    kind = _KINDS.get(value.get("type", ""), "table")
    least = value.get("minimum", value.get("exclusiveMinimum"))
    most = value.get("maximum")
    if least is None:
        return kind
    above = "above" if "exclusiveMinimum" in value else "from"
    return f"{kind} {above} {least}" + ("" if most is None else f" to {most}")


def attribute_docs(cls: type) -> dict[str, str]:
    """Return the docstrings of the attributes of a class, by name."""
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(node, ast.ClassDef)
    docs = {}
    for field, after in zip(node.body, node.body[1:], strict=False):
        if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
            continue
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            docs[field.target.id] = str(after.value.value)
    return docs


def program_keys() -> str:
    """Return a table of the keys of a program file, and one of the keys of a predictor."""
    head = ("key", "what it holds")
    program = table(head, [(f"`{key}`", text) for key, text in PROGRAM_KEYS.items()])
    predictor = table(head, [(f"`{key}`", text) for key, text in PREDICTOR_KEYS.items()])
    return f"{program}\n\nEach predictor:\n\n{predictor}"


def record_columns() -> str:
    """Return a table of the columns of a record; those of a call share a row."""
    calls = {f"plan_{column.name}" for column in CALL_COLUMNS}
    skipped = {f"reason_{column.name}" for column in CALL_COLUMNS}
    rows = []
    for column in COLUMNS:
        if column.name in skipped:
            continue
        names = f"`{column.name}`"
        if column.name in calls:
            names += f", `{column.name.replace('plan_', 'reason_', 1)}`"
        rows.append((names, str(column.type), column.description))
    return table(("column", "type", "what it holds"), rows)


def environment_variables() -> str:
    """Return a table of the environment variables with fixed names."""
    rows = [(f"`{name}`", text) for name, text in ENVIRONMENT_VARIABLES.items()]
    return table(("variable", "effect"), rows)


def registry_table(registry: Registry[Any]) -> str:
    """Return a table of the built-in variants of a registry."""
    entries = own_entries(registry.group)
    modules = [entry.module for entry in entries]
    rows = []
    for entry in entries:
        variant = registry[entry.name]
        has_own_file = modules.count(entry.module) == 1
        rows.append((f"`{entry.name}`", _description(variant, entry.module, has_own_file)))
    return table((registry.noun, "what it is"), rows)


def own_entries(group: str) -> list[EntryPoint]:
    """Return the project's own entry points of a group, by name."""
    entries = [e for e in entry_points(group=group) if e.dist and e.dist.name == OWN_PACKAGE]
    return sorted(entries, key=lambda entry: entry.name)


def _description(variant: object, module: str, has_own_file: bool) -> str:
    """Return the description of a variant, else the first sentence of its class or its file."""
    text = getattr(variant, "description", None)
    if not isinstance(text, str) or not text:
        cls = variant if isinstance(variant, type) else type(variant)
        is_instance = cls is not variant
        text = import_module(module).__doc__ if has_own_file and is_instance else cls.__doc__
    return (text or "").strip().split("\n\n")[0]
