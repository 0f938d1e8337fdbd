"""Kite Connect, read only. The door is KiteSource; nothing in here can reach an order endpoint."""

from app.sources.kite.client import KiteAddress
from app.sources.kite.source import KiteSource

__all__ = ["KiteAddress", "KiteSource"]
