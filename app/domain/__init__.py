"""The words of the product: frozen dataclasses, enums and errors. Imports nothing of the rest of the app."""
