"""Feeds for a terminal: a progress bar while they run, and how they ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from app.domain.feeds import Feed, FeedStatus

SHOWN = 10
"""Notes printed of a feed before "and more"."""
GOOD = frozenset({FeedStatus.OK, FeedStatus.NOT_ALLOWED})
NOT_ALL_GOOD = 5
"""Exit code when a feed failed or an answer was not believed; a missing login has its own."""


@contextmanager
def feed_bars(console: Console) -> Iterator[Callable[[Feed], None]]:
    """What to tell of every step: a bar for each feed, gone at the end; nothing where nobody looks."""
    tasks: dict[str, TaskID] = {}
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    ) as bar:  # fmt: skip

        def tell(feed: Feed) -> None:
            if feed.name not in tasks:
                tasks[feed.name] = bar.add_task(feed_words(feed.name), total=None)
            bar.update(tasks[feed.name], completed=feed.done, total=feed.total or None)

        yield tell


def print_feeds(console: Console, feeds: Iterable[Feed]) -> int:
    """A line for each with its notes and remedy; returns the exit code."""
    ended = list(feeds)
    for feed in ended:
        _print_feed(console, feed)
    return 0 if all(feed.status in GOOD for feed in ended) else NOT_ALL_GOOD


def feed_words(name: str) -> str:
    """``kite_prices`` -> ``Kite prices``."""
    return name.replace("_", " ").capitalize()


def _print_feed(console: Console, feed: Feed) -> None:
    _say(console, f"{feed_words(feed.name)}: {feed.status.replace('_', ' ')}, {feed.detail}")
    for note in feed.notes[:SHOWN]:
        _say(console, f"  Note: {note}")
    if len(feed.notes) > SHOWN:
        _say(console, f"  Note: and {len(feed.notes) - SHOWN} more")
    issue = feed.issue()
    if issue:
        _say(console, f"  {issue.remedy}")


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, soft_wrap=True)
