"""Write a template: a task, a preset or a program of the user's own, which runs as it is."""

import shlex
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from ..errors import CopeError, suggest_names
from . import templates


@dataclass(frozen=True)
class Template:
    """A template of the package.

    Attributes:
        source: the package's file.
        file: the name of the file that is written when the user names none.
        command: the command that uses the file, which stands for `{file}`.
    """

    source: str
    file: str
    command: str


TEMPLATES = {
    "task": Template("task.py.txt", "my_task.py", "cope eval --task-file {file} --preset small"),
    "preset": Template(
        "preset.toml", "my_preset.toml", 'cope ask "What is 6 times 7?" --preset {file}'
    ),
    "program": Template("program.py.txt", "my_program.py", "python {file}"),
}


def write_template(name: str, path: Path | None = None) -> tuple[Path, str]:
    """Write a template to a new file.

    Args:
        name: a name in `TEMPLATES`.
        path: the file; None is the template's own name in the working directory.

    Returns:
        The file, and the command that uses it.

    Raises:
        CopeError: if there is no such template, the file exists, or it cannot be written.
    """
    if name not in TEMPLATES:
        raise CopeError(f"no template is named {name!r}: {suggest_names(name, TEMPLATES)}")
    template = TEMPLATES[name]
    path = path or Path(template.file)
    text = resources.files(templates).joinpath(template.source).read_text(encoding="utf-8")
    suffix = Path(template.file).suffix
    if path.suffix != suffix:
        raise CopeError(f"a {name} is a file in {suffix}: name it {path.name}{suffix}")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text.replace("{file}", path.name))
    except FileExistsError:
        raise CopeError(f"{path} exists: name another file, or move it away") from None
    except OSError as error:
        raise CopeError(f"cannot write {path}: {error.strerror}") from None
    return path, template.command.replace("{file}", shlex.quote(str(path)))
