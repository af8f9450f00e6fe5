"""JSON Schemas of ``offbook.toml`` and of a session's document: what is read, no more, no less."""

from __future__ import annotations

import types
from typing import Any, Final, Union, get_args, get_origin

import msgspec

from offbook.config.known import NOTHING, Catalogue, Known, dotted

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_NUMBER_OR_TEXT: Final = ["string", "number"]


def json_schema(catalogue: Catalogue, title: str) -> dict[str, Any]:
    """The schema of a document with these settings; none is required, for flags may give it.

    Text may be written as a number (``tick = 0.01``): it is read exactly as it is written.
    """
    root: dict[str, Any] = {"$schema": DIALECT, "title": title, **_table()}
    for path, known in catalogue.settings.items():
        table = root
        for name in path[:-1]:
            table = table["properties"].setdefault(name, _table())
        table["properties"][path[-1]] = _leaf(known)
    for tables in catalogue.kinds:
        table = root
        for name in tables:
            table = table["properties"][name]
        table["description"] = f"which of its kinds {dotted(tables)} is, type says"
    return root


def _table() -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": {}}


def _leaf(known: Known) -> dict[str, Any]:
    kinds = get_args(known.type) if _is_union(known.type) else (known.type,)
    parts = [_plain(kind) for kind in kinds]
    schema = dict(parts[0]) if len(parts) == 1 else {"anyOf": parts}
    if known.default is not NOTHING:
        schema["default"] = known.default
    return schema


def _plain(kind: Any) -> dict[str, Any]:
    if kind is str:
        return {"type": list(_NUMBER_OR_TEXT)}
    schema = msgspec.json.schema(kind)
    found: dict[str, Any] = _inlined(schema, schema.pop("$defs", {}))
    return found


def _inlined(part: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(part, list):
        return [_inlined(item, definitions) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        return _inlined(definitions[name], definitions)
    return {name: _inlined(value, definitions) for name, value in part.items()}


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType)
