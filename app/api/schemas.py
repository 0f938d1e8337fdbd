"""JSON schema (2020-12, as OpenAPI 3.1 uses it) of the report dataclasses, so that code and description can't part."""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
}


def schema_of(kind: Any) -> dict[str, Any]:
    """The schema of a type as the serialiser writes it. Raises TypeError for a type that no report uses."""
    if kind in PLAIN:
        return dict(PLAIN[kind])
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"type": "string", "enum": [str(member) for member in kind]}
    if dataclasses.is_dataclass(kind):
        return _of_dataclass(kind)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return {"anyOf": [schema_of(part) if part is not types.NoneType else {"type": "null"} for part in arguments]}
    if origin is tuple:
        return {"type": "array", "items": schema_of(arguments[0])}
    if origin in {dict, Mapping}:
        return {"type": "object", "additionalProperties": schema_of(arguments[1])}
    if origin is np.ndarray:
        return {"type": "array"}
    raise TypeError(f"no schema for {kind!r}")


def _of_dataclass(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    names = [field.name for field in dataclasses.fields(kind)]
    return {
        "type": "object",
        "title": kind.__name__,
        "description": re.sub(r"\bNone\b", "null", (kind.__doc__ or "").strip().replace("``", "")),
        "properties": {name: schema_of(hints[name]) for name in names},
        "required": names,
    }
