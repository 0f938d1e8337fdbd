"""create_app(): the one Flask app, its blueprints and the headers that guard them."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response
from flask_openapi3 import Info, OpenAPI
from pydantic import ValidationError

from app import __version__
from app.api.docs import docs_blueprint
from app.api.equity import equity_blueprint
from app.api.errors import problem, register_errors
from app.api.guards import guard
from app.api.health import health_blueprint
from app.api.screen import screen_blueprint
from app.bootstrap import Services
from app.settings import LOOPBACK

MAX_BODY = 1 << 20


def create_app(services: Services) -> OpenAPI:
    """The web app over these services."""
    app = OpenAPI(
        __name__,
        info=Info(
            title="Portfolio risk",
            version=__version__,
            description="Risk of a Kite portfolio. Percent is percent, losses are positive.",
        ),
        doc_ui=False,
        validation_error_status="400",
        validation_error_callback=_bad_parameters,
    )
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY,
        SESSION_COOKIE_SAMESITE="Strict",
    )
    register_errors(app)
    for blueprint in (equity_blueprint(services), health_blueprint(services)):
        app.register_api(blueprint)
    app.register_blueprint(docs_blueprint(app))
    app.register_blueprint(screen_blueprint(services))
    settings = services.settings
    guard(app, None if settings.allow_remote else LOOPBACK | {settings.host})
    return app


def _bad_parameters(error: ValidationError) -> Response:
    complaints = [
        {"parameter": ".".join(str(part) for part in entry["loc"]), "message": entry["msg"]}
        for entry in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    detail = "; ".join(f"{entry['parameter']}: {entry['message']}" for entry in complaints)
    return problem(HTTPStatus.BAD_REQUEST, detail, parameters=complaints)
