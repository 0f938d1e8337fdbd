"""pandas.read_sql over psycopg2's own connection: quicker than over SQLAlchemy, and pandas says that it is untested."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import pandas as pd
from psycopg2 import extensions


def read_frame(connection: extensions.connection, query: str, parameters: Mapping[str, Any]) -> pd.DataFrame:
    """The rows of a query."""
    source: Any = connection
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return pd.read_sql(query, source, params=parameters)
