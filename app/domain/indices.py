"""Names of NSE's indices: each publication shortens them in its own way; here is the one they are stored under."""

from __future__ import annotations

STORED_AS = {
    "NIFTYFINANCIALSERVICES": "NIFTYFINSERVICE",
    "NIFTYPRIVATEBANK": "NIFTYPVTBANK",
    "NIFTYSMALLCAP250": "NIFTYSMLCAP250",
    "NIFTYHEALTHCAREINDEX": "NIFTYHEALTHCARE",
    "NIFTYINFRASTRUCTURE": "NIFTYINFRA",
    "NIFTYCONSUMERDURABLES": "NIFTYCONSRDURBL",
    "NIFTYOIL&GAS": "NIFTYOILANDGAS",
    "S&PCNXNIFTY": "NIFTY50",
    "CNXNIFTY": "NIFTY50",
}
"""NSE's written-out name without spaces -> Kite's, which is the one stored."""


def index_symbol(name: str) -> str:
    """``Nifty Financial Services`` -> ``NIFTYFINSERVICE``: without spaces, in capitals, as Kite shortens it."""
    bare = "".join(name.split()).upper()
    return STORED_AS.get(bare, bare)
