from __future__ import annotations

from app.domain.kite_login import KiteCredentials, LoginRefused, LoginState, LoginStatus


def test_credentials_never_show_in_what_is_printed() -> None:
    assert repr(KiteCredentials("canary1", "canary2")) == "KiteCredentials()"


def test_only_a_login_counts_as_one() -> None:
    assert [LoginState(status).is_logged_in for status in LoginStatus] == [False, False, True]


def test_a_refused_user_is_told_where_the_list_is() -> None:
    error = LoginRefused("ZZ9999")
    assert "ZZ9999" in error.message
    assert "KITE_USER_IDS" in error.remedy
