"""The API described: OpenAPI 3.1 for programs, and the same as a page for people."""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from flask_openapi3 import OpenAPI

from app.domain.serialise import to_json


def docs_blueprint(app: OpenAPI) -> Blueprint:
    """Routes of the description; it is built when first asked for, after every route is registered."""
    blueprint = Blueprint("docs", __name__)

    @blueprint.get("/api/openapi.json")
    def openapi() -> Response:
        return Response(to_json(app.api_doc), content_type="application/json")

    @blueprint.get("/api")
    def page() -> str:
        return render_template("api.html", doc=app.api_doc)

    return blueprint
