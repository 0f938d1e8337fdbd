"""One JSON encoder for API, command line and charts: dataclasses and arrays as they are, never NaN."""

from __future__ import annotations

from typing import Any

import orjson

OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_UTC_Z


def to_json(value: Any, *, indent: bool = False) -> bytes:
    """JSON of a report; NaN and infinity become null."""
    return orjson.dumps(value, option=OPTIONS | orjson.OPT_INDENT_2 if indent else OPTIONS)
