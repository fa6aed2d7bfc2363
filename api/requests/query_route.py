"""A route with one model of query parameters, for the role reader; all work is done in one thread call.

FastAPI resolves dependencies and validates each parameter separately: for forty parameters that takes a third as long
as the search itself.
"""

from collections.abc import Callable, Coroutine
from typing import Any, get_type_hints

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.responses import Response

from api.auth import allow, checked_user, verified_user
from api.context import AppContext
from api.requests.parameters import reject_unknown
from domain.users.user import Role, User


class QueryRoute(APIRoute):
    """Serves endpoints `(context, asked: Annotated[Model, Query()]) -> Response`; FastAPI describes them as usual."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The request handler."""
        endpoint: Callable[[AppContext, BaseModel], Response] = self.endpoint
        model: type[BaseModel] = get_type_hints(endpoint)["asked"]
        repeatable = {name for name, field in model.model_fields.items() if field.annotation == list[str]}

        def answer(request: Request, context: AppContext, user: User | None) -> Response | None:
            user = user or verified_user(request, context.authenticator)
            if user is None:
                return None
            allow(user, Role.READER)
            return endpoint(context, read(model, repeatable, request.query_params))

        async def handle(request: Request) -> Response:
            context: AppContext = request.app.state.container
            answered = await run_in_threadpool(answer, request, context, None)
            while answered is None:  # once: the checked password is cached now
                answered = await run_in_threadpool(answer, request, context, await checked_user(request, context.password_checker))
            return answered

        return handle


def read(model: type[BaseModel], repeatable: set[str], query: QueryParams) -> BaseModel:
    """Validate the query; names in `repeatable` keep all values. InvalidError, RequestValidationError."""
    reject_unknown(query, model.model_fields)
    try:
        return model.model_validate({name: query.getlist(name) if name in repeatable else query[name] for name in query})
    except ValidationError as error:
        raise RequestValidationError([{**entry, "loc": ("query", *entry["loc"])} for entry in error.errors()]) from error
