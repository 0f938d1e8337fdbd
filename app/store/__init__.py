"""The copy: all SQL of my_schema. Functions take a connection, return domain objects and never commit."""
