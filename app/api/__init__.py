"""The asking: one file for each noun. Only here and in KiteAccessToken does Flask appear."""
