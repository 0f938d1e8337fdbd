"""The clock: what runs when nobody asks. Each job is one short main, run by the worker or by cron."""
