"""The Kite dashboard's own tables, made only where a stand-alone installation lacks them.

Names, types and unique keys are those that a dashboard's writers rely on; an existing table is left exactly as it is.
"""

from alembic import op

revision = "0001"
down_revision = None

SNAPSHOT = "fetch_timestamp timestamp DEFAULT CURRENT_TIMESTAMP, run_date date DEFAULT CURRENT_DATE"

TABLES = (
    f"""
    CREATE TABLE IF NOT EXISTS holdings (
        {SNAPSHOT},
        trading_symbol varchar(50), instrument_token integer, isin varchar(12),
        quantity integer, t1_quantity integer, authorised_quantity integer,
        average_price double precision, close_price double precision, last_price double precision, pnl double precision,
        collateral_quantity integer, collateral_type varchar(20),
        CONSTRAINT holdings_unique_key UNIQUE (instrument_token, run_date))
    """,
    f"""
    CREATE TABLE IF NOT EXISTS mf_holdings (
        {SNAPSHOT},
        folio varchar(100), fund varchar(200), tradingsymbol varchar(50), isin varchar(12),
        quantity double precision, average_price double precision, last_price double precision,
        invested_amount double precision, current_value double precision, pnl double precision,
        net_change_percentage double precision, day_change_percentage double precision,
        CONSTRAINT mf_holdings_unique_key UNIQUE (folio, tradingsymbol, run_date))
    """,
    f"""
    CREATE TABLE IF NOT EXISTS positions (
        {SNAPSHOT},
        user_id varchar(50), position_type varchar(10), trading_symbol varchar(50), instrument_token integer,
        exchange varchar(20), product varchar(20), quantity integer, buy_qty integer, sell_qty integer,
        buy_price double precision, sell_price double precision, average_price double precision,
        last_price double precision, pnl double precision, m2m double precision, realised double precision,
        unrealised double precision, value double precision,
        CONSTRAINT positions_unique_key UNIQUE (position_type, instrument_token))
    """,
    f"""
    CREATE TABLE IF NOT EXISTS margins (
        {SNAPSHOT},
        margin_type varchar(20), enabled boolean, net double precision,
        available_adhoc_margin double precision, available_cash double precision,
        available_opening_balance double precision, available_live_balance double precision,
        available_collateral double precision, available_intraday_payin double precision,
        utilised_debits double precision, utilised_exposure double precision, utilised_m2m_realised double precision,
        utilised_m2m_unrealised double precision, utilised_option_premium double precision,
        utilised_payout double precision, utilised_span double precision, utilised_holding_sales double precision,
        utilised_turnover double precision, utilised_liquid_collateral double precision,
        utilised_stock_collateral double precision, utilised_equity double precision,
        utilised_delivery double precision,
        UNIQUE (margin_type))
    """,
    """
    CREATE TABLE IF NOT EXISTS rt_intraday_price (
        scrip_id varchar NOT NULL, insert_date date,
        price_open double precision, price_high double precision, price_low double precision,
        price_close double precision, price_lc double precision, price_uc double precision,
        volume bigint, delivery bigint, created_at timestamp, dma50 double precision, dma200 double precision,
        price_date varchar NOT NULL, country varchar,
        PRIMARY KEY (scrip_id, price_date))
    """,
    """
    CREATE TABLE IF NOT EXISTS master_scrips (
        scrip_id varchar(10), scrip_screener_code integer, sector_code varchar(10), created_at timestamp,
        yahoo_code varchar, scrip_group varchar, scrip_mcap integer, scrip_country varchar, ownership varchar,
        fno boolean, hist_roce real, debt_to_equity real, ps_ratio real, updated_at timestamp,
        UNIQUE (scrip_id), UNIQUE (scrip_id, scrip_country))
    """,
    """
    CREATE TABLE IF NOT EXISTS mf_nav_history (
        mf_symbol varchar(50) NOT NULL, scheme_code varchar(20), fund_name varchar(200), yahoo_symbol varchar(50),
        nav_date date NOT NULL, nav_value double precision NOT NULL,
        created_at timestamp DEFAULT CURRENT_TIMESTAMP, updated_at timestamp DEFAULT CURRENT_TIMESTAMP,
        run_date date DEFAULT CURRENT_DATE,
        PRIMARY KEY (mf_symbol, nav_date))
    """,
    """
    CREATE TABLE IF NOT EXISTS instruments (
        instrument_token integer, exchange_token integer, tradingsymbol varchar NOT NULL, name varchar,
        last_price real, expiry date, strike real, tick_size real, lot_size integer, instrument_type varchar,
        segment varchar, exchange varchar, "timestamp" timestamp, run_date date DEFAULT CURRENT_DATE,
        PRIMARY KEY (instrument_token, expiry, strike))
    """,
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
