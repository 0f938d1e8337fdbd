"""The Postgres server that this app brings along, for people who configured no database of their own.

Every process that uses the server holds a shared lock on ``users.lock``; the last one to release it stops the server.
A killed process loses its lock with its life, so nothing has to be cleaned up after it. Every change of state happens
under one exclusive lock beside the home directory. POSIX only.

The home directory holds ``data`` (the cluster), ``socket``, ``password`` (mode 0600), ``server.log``, ``users.lock``
and, only where the server account can't reach the installed programs, a copy of them in ``bin-<version>``.
"""

from app.embedded_postgres.binaries import find_binaries
from app.embedded_postgres.manager import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "find_binaries"]
