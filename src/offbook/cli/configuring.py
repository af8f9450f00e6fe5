"""``offbook config``: what is set, where it comes from, and whether a file is right."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from offbook.cli.failures import USAGE
from offbook.cli.shell import Shell, near, paint
from offbook.config.checking import Checked, check_file
from offbook.config.known import dotted, masked, nested, project_catalogue, session_catalogue
from offbook.config.layers import Layer, Source
from offbook.config.presets import preset_text, preset_values
from offbook.config.resolving import Setting, project_file, user_file
from offbook.config.schema import json_schema
from offbook.config.settings import data_directory
from offbook.domain.errors import InvalidConfig
from offbook.services.reporting.formatting import counted

_STYLES = {Source.DEFAULT: "dim", Source.FLAG: "bold", Source.ENVIRONMENT: "yellow"}


def show_config(shell: Shell, only: str | None, *, given: bool) -> int:
    """Every setting with its value and its source; ``only`` those below a table."""
    settings = shell.settings
    if shell.given_data_dir is not None:
        told = str(data_directory(shell.given_data_dir))
        settings = settings.over(Layer(Source.FLAG, "--data-dir", {("data_dir",): told}))
    found = settings.resolved()
    if found[("data_dir",)].value is None:
        place = str(data_directory(None, {}))
        found[("data_dir",)] = Setting(place, Source.DEFAULT)
    if only is not None:
        table = tuple(only.split("."))
        found = {path: s for path, s in found.items() if path[: len(table)] == table}
        if not found:
            raise InvalidConfig(
                f"{only} has no value: {project_catalogue().near(table)}", field=only
            )
    if given:
        found = {path: s for path, s in found.items() if s.source is not Source.DEFAULT}
    if shell.json:
        shell.document({"files": _files(), "settings": [_entry(p, s) for p, s in found.items()]})
        return 0
    _print(shell, found)
    return 0


def check_config(shell: Shell, file: Path | None) -> int:
    """Look a file over, or those in force; 0 when nothing is wrong, else 2."""
    files = [file] if file is not None else [Path(f["file"]) for f in _files() if f["found"]]
    checked = [check_file(file) for file in files]
    if shell.json:
        shell.document(
            {"ok": not any(c.problems for c in checked), "files": list(map(_told, checked))}
        )
    for found in [] if shell.json else checked:
        for problem in found.problems:
            shell.say(paint(str(problem), "red", sys.stdout))
        if not found.problems:
            what = "a whole session" if found.complete else found.kind
            shell.say(f"{paint('ok', 'green', sys.stdout)}  {near(found.file)}: {what}")
            if found.complete and found.kind == "session":
                shell.say(f"    run it: {shell.command('run', '--config', near(found.file))}")
    if not files:
        shell.say("no configuration file is in force; one named offbook.toml here would be")
    wrong = sum(len(found.problems) for found in checked)
    if wrong:
        shell.say(f"{counted(wrong, 'problem')} to mend")
    return USAGE if wrong else 0


def print_schema(shell: Shell, which: str) -> int:
    """The JSON Schema of ``settings`` (offbook.toml) or of a ``session``."""
    titles = {"settings": "offbook.toml", "session": "an offbook session"}
    catalogue = project_catalogue() if which == "settings" else session_catalogue()
    shell.answer(json.dumps(json_schema(catalogue, titles[which]), indent=2))
    return 0


def print_preset(shell: Shell, name: str) -> int:
    """The venue that a preset stands for, as TOML or as a document."""
    if shell.json:
        shell.document(nested(preset_values(name)))
    else:
        shell.say(preset_text(name))
    return 0


def _files() -> list[dict[str, Any]]:
    """The files that are looked for, strongest last."""
    user, project = user_file(), project_file(Path.cwd())
    files = [{"source": Source.USER.value, "file": str(user), "found": user.is_file()}]
    if project is not None:
        files.append({"source": Source.PROJECT.value, "file": str(project), "found": True})
    return files


def _entry(path: tuple[str, ...], setting: Setting) -> dict[str, Any]:
    return {
        "setting": dotted(path),
        "value": masked(path, setting.value),
        "source": setting.source.value,
        "place": setting.place,
    }


def _told(found: Checked) -> dict[str, Any]:
    return {
        "file": found.file,
        "kind": found.kind,
        "complete": found.complete,
        "problems": [
            {"field": p.field, "line": p.line, "message": p.message} for p in found.problems
        ],
    }


def _print(shell: Shell, found: dict[tuple[str, ...], Setting]) -> None:
    shown = {path: _text(masked(path, setting.value)) for path, setting in found.items()}
    width = max((len(dotted(path)) for path in found), default=0)
    wide = min(max(map(len, shown.values()), default=0), 40)
    for path, setting in found.items():
        place = setting.place if setting.source in (Source.USER, Source.PROJECT) else ""
        where = f" ({near_place(place)})" if place else ""
        source = paint(setting.source.value, _STYLES.get(setting.source, "green"), sys.stdout)
        shell.say(f"{dotted(path).ljust(width)}  {shown[path].ljust(wide)}  {source}{where}")
    for file in _files():
        if not file["found"]:
            shell.note(f"{file['source']} file: {file['file']} (not there)")


def near_place(place: str) -> str:
    """A file and a line, the file as from here."""
    file, sign, line = place.partition(", line ")
    return near(file) + sign + line


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) and value else json.dumps(value)
