"""The one login to Kite: kept sealed, ended at 06:00 India time, forgotten the moment Kite refuses it.

Without one of our own, the token of the dashboard beside us is used as long as it lasts. It is only borrowed: never
stored, never ended.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

import orjson
from sqlalchemy import Connection

from app.Boilerplate import Boilerplate
from app.domain.kite import token_expiry
from app.domain.kite_errors import KiteDataError, KiteError, LoginNeeded
from app.domain.kite_login import KiteCredentials, LoginRefused, LoginState, LoginStatus
from app.domain.redaction import RedactingFilter
from app.domain.serialise import to_json
from app.sources.host_token import HostToken, HostTokenReader
from app.sources.kite import KiteAddress, KiteSource
from app.store.secrets import SecretUnreadable, Vault

log = logging.getLogger(__name__)
CREDENTIALS = "Kite API key and secret"
LOGIN = "Kite login"
NOT_CONFIGURED = "There is no Kite API key yet."
NEVER = "Nobody has logged in to Kite yet."
EXPIRED = "The Kite login ended at 06:00, as every one does."
REFUSED = "Kite refuses the login: it was ended, or there was a newer one elsewhere."
LOGGED_OUT = "Logged out of Kite."
LOGGED_OUT_HERE = "Logged out here. Kite could not be told; the login ends there at 06:00 at the latest."
OTHER_KEY = "The Kite API key was changed after the last login."
HOST_EXPIRED = "The dashboard's Kite token ended at 06:00 too."
HOST_REFUSED = "Kite refuses the dashboard's token: it is over, or belongs to another API key."


@dataclass(frozen=True, slots=True)
class _Login:
    """What is sealed of a login. ``access_token`` is None once it is over, and ``ended`` says why."""

    api_key: str = field(repr=False)
    user_id: str
    logged_in_at: datetime
    access_token: str | None = field(repr=False)
    ended: str = ""

    @property
    def expires_at(self) -> datetime:
        return token_expiry(self.logged_in_at)


class KiteAccount:
    """Every process has one; the login they share lies in the database. Thread-safe."""

    def __init__(
        self,
        database: Boilerplate,
        vault: Vault,
        address: KiteAddress,
        now: Callable[[], datetime],
        environ_credentials: KiteCredentials | None,
        user_ids: Collection[str] = (),
        blank: RedactingFilter | None = None,
        host_token: HostTokenReader | None = None,
    ) -> None:
        """``user_ids`` are the Kite users who may log in, all where empty; ``blank`` keeps tokens out of logs."""
        self._database = database
        self._vault = vault
        self._address = address
        self._now = now
        self._environ_credentials = environ_credentials
        self._user_ids = frozenset(user_ids)
        self._blank = blank or RedactingFilter()
        self._host_token = host_token
        self._refused: str | None = None
        self._sources: dict[str, KiteSource] = {}
        self._lock = threading.Lock()
        self._used = threading.local()

    @property
    def credentials_are_fixed(self) -> bool:
        """True where key and secret come from the environment, which wins over what is stored."""
        return self._environ_credentials is not None

    def credentials(self) -> KiteCredentials | None:
        """Key and secret: from the environment, else from the vault; None where there are none that can be read."""
        with self._database.transaction() as connection:
            return self._credentials(connection)

    def save_credentials(self, credentials: KiteCredentials) -> None:
        """Keep key and secret, sealed. A login with another key is over."""
        with self._database.transaction() as connection:
            self._vault.seal(connection, CREDENTIALS, to_json(credentials).decode())

    def state(self) -> LoginState:
        """Whether Kite may be asked, and if not, why."""
        return self._read()[1]

    def login_url(self, state: str) -> str:
        """Kite's login page, which sends the person back with ``state``. Raises LoginNeeded without an API key."""
        return self._source(self._needed_credentials().api_key).login_url(state)

    def finish_login(self, request_token: str) -> LoginState:
        """Exchange the request token, see whose login it is, keep it.

        Raises:
            LoginNeeded: without an API key, or where Kite refuses the request token.
            LoginRefused: for a Kite user who is not on the list; the new login is ended again.
            KiteError: where Kite can't be asked. Nothing is kept then.
        """
        credentials = self._needed_credentials()
        self._hide(request_token, credentials.api_secret)
        found: list[str] = []
        source = KiteSource(credentials.api_key, lambda: found[0] if found else None, self._address)
        session = source.generate_session(request_token, credentials.api_secret)
        found.append(session.access_token)
        self._hide(session.access_token)
        user_id = source.profile().user_id
        if user_id != session.user_id:
            raise KiteDataError("the login", "token and profile name different users")
        if self._user_ids and user_id not in self._user_ids:
            _end_at_kite(source)
            raise LoginRefused(user_id)
        login = _Login(credentials.api_key, user_id, self._now(), session.access_token)
        with self._database.transaction() as connection:
            self._keep(connection, login)
            self._vault.reseal(connection)
        log.info("logged in to Kite until %s", login.expires_at.isoformat())
        return _state(login, credentials, self._now())

    def logout(self) -> None:
        """End the login at Kite, as far as it can be reached, and forget it here in any case.

        A token of the dashboard is not ours to end.
        """
        login, state = self._read()
        if login is None or not state.is_logged_in or state.from_dashboard:
            return
        told = _end_at_kite(self._source(login.api_key))
        self._end(LOGGED_OUT if told else LOGGED_OUT_HERE)

    def source(self) -> KiteSource:
        """The read-only door to Kite, one a process and API key: it counts the rate limits.

        Raises:
            LoginNeeded: when nobody is logged in or it is past 06:00.
        """
        return self._source(self.access_token()[0])

    def access_token(self) -> tuple[str, str]:
        """API key and access token, for the ticker's own connection. Raises LoginNeeded as ``source`` does."""
        login, state = self._read()
        if login is None or login.access_token is None or not state.is_logged_in:
            raise LoginNeeded(state.reason)
        self._hide(login.access_token)
        self._used.token = login.access_token
        return login.api_key, login.access_token

    def rejected(self, error: KiteError) -> None:
        """Kite refused the token that this thread used last: forget it, unless there is a newer login already.

        Any other error changes nothing: a plan without market data is no reason to log in again.
        """
        if isinstance(error, LoginNeeded):
            self._refused = getattr(self._used, "token", None)
            self._end(REFUSED, only=self._refused)

    def _read(self) -> tuple[_Login | None, LoginState]:
        with self._database.transaction() as connection:
            credentials = self._credentials(connection)
            if credentials is None:
                return None, LoginState(LoginStatus.NOT_CONFIGURED, reason=NOT_CONFIGURED)
            login, state = self._own(connection, credentials)
        if state.is_logged_in or self._host_token is None:
            return login, state
        return self._borrowed(self._host_token, credentials, state)

    def _own(self, connection: Connection, credentials: KiteCredentials) -> tuple[_Login | None, LoginState]:
        try:
            login = self._login(connection)
        except SecretUnreadable as error:
            return None, LoginState(LoginStatus.LOGIN_NEEDED, reason=error.message)
        return login, _state(login, credentials, self._now())

    def _borrowed(
        self, reader: HostTokenReader, credentials: KiteCredentials, own: LoginState
    ) -> tuple[_Login | None, LoginState]:
        """The dashboard's token as a login; without a usable one our own state, with both reasons."""
        answer, now = reader.read(), self._now()
        reason = answer.reason if answer.token is None else self._why_unusable(answer.token, now)
        if answer.token is None or reason:
            return None, replace(own, reason=f"{own.reason} {reason}")
        since = answer.token.logged_in_at
        login = _Login(credentials.api_key, "", since or now, answer.token.access_token)
        ends = login.expires_at if since else None
        return login, LoginState(LoginStatus.LOGGED_IN, None, since, ends, from_dashboard=True)

    def _why_unusable(self, token: HostToken, now: datetime) -> str:
        if token.access_token == self._refused:
            return HOST_REFUSED
        return HOST_EXPIRED if token.logged_in_at and now >= token_expiry(token.logged_in_at) else ""

    def _end(self, reason: str, only: str | None = None) -> None:
        with self._database.transaction() as connection:
            try:
                login = self._login(connection)
            except SecretUnreadable:
                return  # over already
            if login and login.access_token and only in {None, login.access_token}:
                self._keep(connection, replace(login, access_token=None, ended=reason))
                log.warning("the Kite login is over: %s", reason)

    def _source(self, api_key: str) -> KiteSource:
        with self._lock:
            if api_key not in self._sources:
                self._sources[api_key] = KiteSource(api_key, self._token_or_none, self._address)
            return self._sources[api_key]

    def _token_or_none(self) -> str | None:
        """Asked before every call, so that 06:00 and a logout in another process count at once."""
        try:
            return self.access_token()[1]
        except LoginNeeded:
            return None

    def _needed_credentials(self) -> KiteCredentials:
        credentials = self.credentials()
        if credentials is None:
            raise LoginNeeded(NOT_CONFIGURED)
        return credentials

    def _credentials(self, connection: Connection) -> KiteCredentials | None:
        if self._environ_credentials:
            return self._environ_credentials
        try:
            stored = self._vault.open(connection, CREDENTIALS)
        except SecretUnreadable as error:
            log.warning("%s", error.message)
            return None
        if stored is None:
            return None
        credentials = KiteCredentials(**orjson.loads(stored))
        self._hide(credentials.api_secret)
        return credentials

    def _login(self, connection: Connection) -> _Login | None:
        stored = self._vault.open(connection, LOGIN)
        if stored is None:
            return None
        members = orjson.loads(stored)
        return _Login(**members | {"logged_in_at": datetime.fromisoformat(members["logged_in_at"])})

    def _keep(self, connection: Connection, login: _Login) -> None:
        self._vault.seal(connection, LOGIN, to_json(login).decode())

    def _hide(self, *secrets: str) -> None:
        for secret in secrets:
            self._blank.add(secret)


def _state(login: _Login | None, credentials: KiteCredentials, now: datetime) -> LoginState:
    if login is None:
        return LoginState(LoginStatus.LOGIN_NEEDED, reason=NEVER)
    reason = _why_over(login, credentials, now)
    status = LoginStatus.LOGIN_NEEDED if reason else LoginStatus.LOGGED_IN
    return LoginState(status, login.user_id, login.logged_in_at, login.expires_at, reason)


def _why_over(login: _Login, credentials: KiteCredentials, now: datetime) -> str:
    if login.access_token is None:
        return login.ended
    if login.api_key != credentials.api_key:
        return OTHER_KEY
    return EXPIRED if now >= login.expires_at else ""


def _end_at_kite(source: KiteSource) -> bool:
    try:
        source.invalidate_access_token()
    except LoginNeeded:
        return True  # over at Kite already
    except KiteError as error:
        log.warning("Kite could not be told of the logout: %s", error.message)
        return False
    return True
