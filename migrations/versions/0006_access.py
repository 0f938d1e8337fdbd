"""Who may see the screen and who is logged in to Kite: sealed secrets, web sessions, one-time states, attempts."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("""
    CREATE TABLE risk_install (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        install_id uuid NOT NULL DEFAULT gen_random_uuid())
    """)
    op.execute("INSERT INTO risk_install DEFAULT VALUES")
    op.execute("""
    CREATE TABLE risk_secrets (
        name text PRIMARY KEY,
        key_id text NOT NULL,
        sealed bytea NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT now())
    """)
    op.execute("""
    CREATE TABLE risk_web_sessions (
        id_hash bytea PRIMARY KEY,
        granted_by text NOT NULL,
        started_at timestamptz NOT NULL,
        last_seen_at timestamptz NOT NULL)
    """)
    op.execute("""
    CREATE TABLE risk_login_states (
        state_hash bytea PRIMARY KEY,
        browser_hash bytea NOT NULL,
        expires_at timestamptz NOT NULL)
    """)
    op.execute("""
    CREATE TABLE risk_login_attempts (
        subject text PRIMARY KEY,
        failures integer NOT NULL CHECK (failures > 0),
        last_at timestamptz NOT NULL,
        retry_at timestamptz NOT NULL)
    """)
