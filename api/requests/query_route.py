"""A route whose query is one model and whose caller is a reader: everything but the answer is done in one thread, at one go.

FastAPI solves dependencies and looks at each parameter by itself; for forty parameters that takes a third as long as the search they are for.
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
    """Serves endpoints `(here: Here, asked: Annotated[Model, Query()]) -> Response`; FastAPI describes them as any other."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers a request."""
        endpoint: Callable[[AppContext, BaseModel], Response] = self.endpoint
        model: type[BaseModel] = get_type_hints(endpoint)["asked"]
        many = {name for name, field in model.model_fields.items() if field.annotation == list[str]}

        def answer(request: Request, context: AppContext, user: User | None) -> Response | None:
            user = user or verified_user(request, context.authenticator)
            if user is None:
                return None
            allow(user, Role.READER)
            return endpoint(context, read(model, many, request.query_params))

        async def handle(request: Request) -> Response:
            here: AppContext = request.app.state.container
            answered = await run_in_threadpool(answer, request, here, None)
            while answered is None:  # once: now that the password has been checked
                answered = await run_in_threadpool(answer, request, here, await checked_user(request, here.password_checker))
            return answered

        return handle


def read(model: type[BaseModel], many: set[str], query: QueryParams) -> BaseModel:
    """The parameters; those in `many` may be repeated, of the others the last one counts. InvalidError for unknown ones, RequestValidationError."""
    reject_unknown(query, model.model_fields)
    try:
        return model.model_validate({name: query.getlist(name) if name in many else query[name] for name in query})
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("query", *one["loc"])} for one in error.errors()]) from error
