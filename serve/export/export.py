"""Write a program as a folder with an MLflow model."""

from dataclasses import replace
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory

from ...errors import CopeError
from ...programs.options import ProgramOptions, TeamOptions
from ...programs.program_view import is_preset
from .code import copy_package, requirements
from .rows import RowsProgram, input_types
from .settings import write_settings

_OUTPUTS = {
    "answer": "string",
    "confidence": "double",
    "round": "long",
    "cost": "double",
    "error": "string",
}


def named_program(source: str, program: ProgramOptions, team: TeamOptions) -> ProgramOptions:
    """Return the options of a program that is named as a user names it.

    Args:
        source: the file of a saved program, a preset's name or TOML file, or a tier's name.
        program: the other options.
        team: those of the team.

    >>> named_program("small", ProgramOptions(), TeamOptions()).preset
    'small'
    """
    if is_preset(source) or source in team.tiers:
        return replace(program, preset=source)
    return replace(program, program=Path(source))


def export_program(
    folder: Path, program: ProgramOptions, team: TeamOptions, domain: str
) -> list[str]:
    """Write a program and the names of its models as an MLflow model that answers many rows.

    No model is loaded or asked. The folder has the package's code, so pip need not find it.

    Args:
        folder: where it goes; it must not exist, or be empty.
        program: the options of the program.
        team: those of the team.
        domain: the kind of questions.

    Returns:
        The columns that the model reads.

    Raises:
        CopeError: for options that do not fit together, or a folder with files.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CopeError(f"{folder} is there already: name another folder with -o")
    from ...tracking import save_rows_model  # MLflow takes seconds to import

    settings, files = write_settings(program, team, domain)
    columns = input_types(RowsProgram.load(settings, files).cascade)
    script = resources.files("cope.serve.export").joinpath("model.txt").read_text(encoding="utf-8")
    with TemporaryDirectory() as name:
        temporary = Path(name)
        code = temporary / "model.py"
        code.write_text(script, encoding="utf-8")
        packed = temporary / "code"
        packed.mkdir()
        save_rows_model(
            folder,
            code,
            files=files,
            config=settings,
            inputs=columns,
            outputs=_OUTPUTS,
            requirements=requirements(),
            code_paths=copy_package(packed),
        )
    return list(columns)
