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

from api.auth import allow, checked, proven
from api.container import Container
from api.parameters import refuse_unknown
from domain.user import Role, User


class QueryRoute(APIRoute):
    """Serves endpoints `(here: Here, asked: Annotated[Model, Query()]) -> Response`; FastAPI describes them as any other."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers a request."""
        endpoint: Callable[[Container, BaseModel], Response] = self.endpoint
        model: type[BaseModel] = get_type_hints(endpoint)["asked"]
        many = {name for name, field in model.model_fields.items() if field.annotation == list[str]}

        def answer(request: Request, here: Container, user: User | None) -> Response | None:
            user = user or proven(request, here.callers)
            if user is None:
                return None
            allow(user, Role.READER)
            return endpoint(here, read(model, many, request.query_params))

        async def handle(request: Request) -> Response:
            here: Container = request.app.state.container
            answered = await run_in_threadpool(answer, request, here, None)
            while answered is None:  # once: now that the password has been checked
                answered = await run_in_threadpool(answer, request, here, await checked(request, here.door))
            return answered

        return handle


def read(model: type[BaseModel], many: set[str], query: QueryParams) -> BaseModel:
    """The parameters; those in `many` may be repeated, of the others the last one counts. InvalidError for unknown ones, RequestValidationError."""
    refuse_unknown(query, model.model_fields)
    try:
        return model.model_validate({name: query.getlist(name) if name in many else query[name] for name in query})
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("query", *one["loc"])} for one in error.errors()]) from error
