"""The outside world: files that users bring. ``parse_*`` takes bytes and a file name; no network, no clock."""
