"""create_app(): the one Flask app, its login to Kite, its blueprints and what guards them."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, request
from flask_openapi3 import Info, OpenAPI
from pydantic import ValidationError

from app import __version__
from app.api.access import HOW_TO_ASK, control_access
from app.api.backtest import backtest_blueprint
from app.api.combined import combined_blueprint
from app.api.combined_screen import combined_screen_blueprint
from app.api.docs import docs_blueprint
from app.api.equity import equity_blueprint
from app.api.errors import problem, register_errors
from app.api.funds_screen import funds_blueprint, funds_desk
from app.api.guards import guard
from app.api.health import health_blueprint
from app.api.hedge import hedge_blueprint
from app.api.history import history_blueprint
from app.api.kite_login import kite_login_blueprint
from app.api.live import attach_sockets, live_blueprint
from app.api.login import login_blueprint
from app.api.mf import mf_blueprint
from app.api.mf_fetch import mf_fetch_blueprint
from app.api.mf_holdings import allow_uploads, mf_holdings_blueprint
from app.api.scenarios import scenarios_blueprint
from app.api.screen import screen_blueprint
from app.bootstrap import Services

MAX_BODY = 1 << 20


def create_app(services: Services) -> OpenAPI:
    """The web app over these services."""
    app = OpenAPI(
        __name__,
        info=Info(
            title="Portfolio risk",
            version=__version__,
            description="Risk of a Kite portfolio. Percent is percent, losses are positive. "
            f"To change something: {HOW_TO_ASK}",
        ),
        doc_ui=False,
        validation_error_status="400",
        validation_error_callback=_bad_parameters,
    )
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY)
    register_errors(app)
    guard(app, services.settings)
    allow_uploads(app)
    access = control_access(app, services)
    for blueprint in (equity_blueprint, hedge_blueprint, live_blueprint, health_blueprint, mf_holdings_blueprint):
        app.register_api(blueprint(services))
    for blueprint in (mf_blueprint, mf_fetch_blueprint, combined_blueprint, scenarios_blueprint):
        app.register_api(blueprint(services))
    for blueprint in (backtest_blueprint, history_blueprint):
        app.register_api(blueprint(services))
    app.register_blueprint(docs_blueprint(app))
    app.register_blueprint(screen_blueprint(services, lambda: services.kite.credentials() is not None))
    app.register_blueprint(funds_blueprint(funds_desk(services)))
    app.register_blueprint(combined_screen_blueprint(services.combined))
    for pages in (login_blueprint, kite_login_blueprint):
        app.register_blueprint(pages(services, access))
    attach_sockets(app, services, lambda: access.granted_by() or request.remote_addr or "")
    return app


def _bad_parameters(error: ValidationError) -> Response:
    complaints = [
        {"parameter": ".".join(str(part) for part in entry["loc"]), "message": entry["msg"]}
        for entry in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    detail = "; ".join(f"{entry['parameter']}: {entry['message']}" for entry in complaints)
    return problem(HTTPStatus.BAD_REQUEST, detail, parameters=complaints)
