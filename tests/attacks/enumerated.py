"""Everything that the running app answers: routes, Gradio's events, and their parameters."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.routing import BaseRoute, Mount, Route

PAGES = ("/admin", "/study", "")


@dataclass(frozen=True)
class Event:
    """One Gradio dependency: `page` is the prefix it is called under."""

    page: str
    index: int
    handler: str
    api_name: str
    inputs: tuple[Any, ...]

    @property
    def defaults(self) -> list[Any]:
        """What a page sends that nobody touched."""
        return [getattr(component, "value", None) for component in self.inputs]


def blocks_of(app: Any) -> dict[str, Any]:
    """The three Gradio pages by prefix."""
    return {
        route.path: route.app.get_blocks()
        for route in app.routes
        if isinstance(route, Mount) and hasattr(route.app, "get_blocks")
    }


def events(app: Any) -> list[Event]:
    return [
        Event(page, index, fn.fn.__name__, fn.api_name, tuple(fn.inputs))
        for page, blocks in blocks_of(app).items()
        for index, fn in blocks.fns.items()
    ]


def all_routes(app: Any, prefix: str = "") -> Iterator[tuple[str, str, BaseRoute]]:
    """(method, path template, route) of every route, own and Gradio's; folders of files as GET."""
    for route in app.routes:
        if isinstance(route, (APIRoute, Route)):
            for method in sorted(route.methods or ()):
                yield method, prefix + route.path, route
        elif isinstance(route, Mount) and hasattr(route.app, "routes"):
            yield from all_routes(route.app, prefix + route.path)
        elif isinstance(route, Mount):
            yield "GET", f"{prefix}{route.path}/{{file}}", route
        elif hasattr(route, "original_router"):
            yield from all_routes(route.original_router, prefix)
        else:
            raise AssertionError(f"a route of an unknown kind: {route}")


def own_routes(app: Any) -> list[tuple[str, APIRoute]]:
    """(method, route) of the routes that are not Gradio's."""
    found = []
    pending = [route for route in app.routes if not isinstance(route, Mount)]
    while pending:
        route = pending.pop(0)
        if hasattr(route, "original_router"):
            pending += route.original_router.routes
        else:
            assert isinstance(route, APIRoute)
            found += [(method, route) for method in sorted(route.methods)]
    return found


def parameters(route: APIRoute) -> list[tuple[str, str]]:
    """(kind, name): path, query, form, json (a field of the body's model), header, cookie."""
    found = [("path", p.name) for p in route.dependant.path_params]
    found += [("query", p.name) for p in route.dependant.query_params]
    found += [("header", p.name) for p in route.dependant.header_params]
    found += [("cookie", p.name) for p in route.dependant.cookie_params]
    for param in route.dependant.body_params:
        kind = param.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found += [("json", name) for name in kind.model_fields]
        elif type(param.field_info).__name__ == "Form":
            found.append(("form", param.name))
        else:
            found.append(("body", param.name))
    return found
