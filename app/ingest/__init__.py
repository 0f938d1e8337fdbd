"""Keeps the copy fresh: files and feeds into the store, idempotent and reconciling."""
