"""The command line, one file for each group of commands; ``app.__main__`` puts them together."""
