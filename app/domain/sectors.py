"""NSE's sectors, and what the Kite dashboard's ad-hoc codes mean in them."""

from __future__ import annotations

from app.domain.securities import UNCLASSIFIED

SECTORS = (
    "Automobile and Auto Components",
    "Capital Goods",
    "Chemicals",
    "Construction",
    "Construction Materials",
    "Consumer Durables",
    "Consumer Services",
    "Diversified",
    "Fast Moving Consumer Goods",
    "Financial Services",
    "Forest Materials",
    "Healthcare",
    "Information Technology",
    "Media Entertainment & Publication",
    "Metals & Mining",
    "Oil Gas & Consumable Fuels",
    "Power",
    "Realty",
    "Services",
    "Telecommunication",
    "Textiles",
    "Utilities",
)
"""As NSE spells them in its lists of indices."""
HOST_SECTORS = {
    "AUTO": "Automobile and Auto Components",
    "BANK": "Financial Services",
    "BANKS": "Financial Services",
    "CEMENT": "Construction Materials",
    "CHEMICALS": "Chemicals",
    "CONSTRUCT": "Construction",
    "CONSUMER": "Consumer Durables",
    "DEFENSE": "Capital Goods",
    "ENGG": "Capital Goods",
    "FINANCIAL": "Financial Services",
    "FMCG": "Fast Moving Consumer Goods",
    "HEALTHCARE": "Healthcare",
    "HOSPITAL": "Healthcare",
    "INFRA": "Construction",
    "INSURANCE": "Financial Services",
    "IT": "Information Technology",
    "MEDIA": "Media Entertainment & Publication",
    "METAL": "Metals & Mining",
    "OIL": "Oil Gas & Consumable Fuels",
    "PHARMA": "Healthcare",
    "POWER": "Power",
    "REALTY": "Realty",
    "SOFTWARE": "Information Technology",
    "TELECOM": "Telecommunication",
    "TEXTILE": "Textiles",
}


def sector_of_host_code(code: str) -> str:
    """NSE's sector for a dashboard code; Unclassified for a code that names no sector (MISC, ADANI, CRAP)."""
    return HOST_SECTORS.get(code.strip().upper(), UNCLASSIFIED)
