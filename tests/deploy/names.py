"""What files to deploy may name: settings, commands with their options, extras, files of the checkout."""

import re
import tomllib
from pathlib import Path

import click
import typer

from pipelines.cli import COMMANDS, make_app
from pipelines.core.settings import REPOSITORY, Settings

DEPLOY = REPOSITORY / "deploy"
SETTINGS = {name.upper() for name in Settings.model_fields}
EXTRAS = set(tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["optional-dependencies"])
ASKED = set(re.findall(r"env: (RUNS_\w+)", (DEPLOY / "dagster" / "kubernetes.yaml").read_text()))
"""Variables that Dagster's file for Kubernetes asks for."""

OTHERS = {
    "AWS_ENDPOINT_URL",
    "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "PYTHONUNBUFFERED",
    "PATH",
}
"""Variables that other programs read."""

DERIVED = {"DAGSTER_HOME", "STUDYBUDDY_DAGSTER_STORAGE", "STUDYBUDDY_DAGSTER_URL", "DAGSTER_EVENT_BATCH_SIZE"}
"""Variables that `studybuddy` gives to Dagster; a run on Kubernetes gets them from the chart."""


def unknown_settings(names: set[str]) -> set[str]:
    """Those that nobody reads."""
    return names - SETTINGS - DERIVED - ASKED - OTHERS


def check_command(line: list[str]) -> None:
    """See that `studybuddy` takes this line, without running it.

    Raises:
        AssertionError: it has no such command, option or argument.
    """
    assert Path(line[0]).name == "studybuddy", line
    name, *arguments = line[1:]
    assert name in {command for commands in COMMANDS.values() for command in commands}, f"no command {name}"
    group = typer.main.get_command(make_app([name]))
    assert isinstance(group, click.Group) or hasattr(group, "commands")
    command = group.commands[name]
    try:
        command.make_context(name, list(arguments))
    except Exception as error:
        raise AssertionError(f"studybuddy {' '.join(line[1:])}: {error}") from error
