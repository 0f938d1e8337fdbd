"""The API described: OpenAPI 3.1 for programs, and the same as a page for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, render_template
from flask_openapi3 import OpenAPI

from app.api.assets import load_assets
from app.api.formats import count
from app.domain.serialise import to_json

Schema = Mapping[str, Any]


def docs_blueprint(app: OpenAPI) -> Blueprint:
    """Routes of the description; it is built when first asked for, after every route is registered."""
    blueprint = Blueprint("docs", __name__)
    blueprint.add_app_template_filter(schema_words)
    blueprint.add_app_template_filter(schema_inner)

    @blueprint.get("/api/openapi.json")
    def openapi() -> Response:
        return Response(to_json(_document(app)), content_type="application/json")

    @blueprint.get("/api")
    def page() -> str:
        return render_template("api.html", doc=app.api_doc, assets=load_assets(), tab="api")

    return blueprint


def _document(app: OpenAPI) -> dict[str, Any]:
    """What the library made, without the parts that it leaves null: OpenAPI has no null there."""
    components = {name: part for name, part in app.api_doc["components"].items() if part is not None}
    return {**app.api_doc, "components": components}


def schema_words(schema: Schema) -> str:
    """A type in a few words: ``number or null``, ``one of 60d, 90d, 1y``, ``list of Measure``."""
    if "anyOf" in schema:
        return " or ".join(schema_words(part) for part in schema["anyOf"])
    if "enum" in schema:
        return "one of " + ", ".join(str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return "list of " + schema_words(schema["items"]) if "items" in schema else "list"
    if "additionalProperties" in schema:
        return "for each name: " + schema_words(schema["additionalProperties"])
    words = str(schema.get("title") if "properties" in schema else schema.get("format") or schema.get("type", "any"))
    limits = [
        f"{word} {count(schema[name])}" for name, word in (("minimum", "from"), ("maximum", "to")) if name in schema
    ]
    return " ".join([words, *limits])


def schema_inner(schema: Schema) -> Schema | None:
    """The object inside a list, a mapping or a choice; None for plain values."""
    if "properties" in schema:
        return schema
    inner = [schema.get("items"), schema.get("additionalProperties"), *schema.get("anyOf", ())]
    return next((found for part in inner if part and (found := schema_inner(part))), None)
