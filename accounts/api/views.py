"""What all of the API's addresses share: who may, how often, and how bodies are read."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from django import forms
from django.db.models import Model, QuerySet
from django.views.decorators.http import conditional_page
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import MethodNotAllowed, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts.api.authentication import TokenAuthentication
from accounts.api.limits import PerToken
from accounts.api.paging import NewestFirst

Row = TypeVar("Row", bound=Model)


class AlwaysJson(BaseContentNegotiation):
    """There is one way to answer, whatever somebody would rather have."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return next((parser for parser in parsers if _fits(parser, request.content_type or "")), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


def _fits(parser: Any, content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == parser.media_type


class MayUse(BasePermission):
    """The permission that the view names for the method; None: whoever has a token."""

    def has_permission(self, request: Request, view: Any) -> bool:
        asked = view.may.get("GET" if request.method == "HEAD" else request.method)
        return bool(request.user.is_authenticated and (asked is None or request.user.has_perm(asked)))


class ApiView(GenericAPIView[Any]):
    """A method that isn't there is 405 for everybody; who has no token gets 401, and whose role may not, 403."""

    may: ClassVar[Mapping[str, str | None]] = {}
    http_method_names = ["get", "head", "post", "put", "delete"]
    authentication_classes: Sequence[type[BaseAuthentication]] = (TokenAuthentication,)
    permission_classes: Sequence[type[BasePermission]] = (MayUse,)
    throttle_classes = (PerToken,)
    content_negotiation_class = AlwaysJson
    parser_classes: Sequence[type[BaseParser]] = (JSONParser,)
    renderer_classes = (JSONRenderer,)
    pagination_class = NewestFirst

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        return conditional_page(super().as_view(**initkwargs))

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """As DRF's own, but what is refused counts against the limit too."""
        method = (request.method or "").lower()
        if method not in self.http_method_names or not hasattr(self, method):
            raise MethodNotAllowed(request.method or "")
        self.format_kwarg = None
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        try:
            self.perform_authentication(request)
        finally:  # a token that doesn't hold counts against its address
            self.check_throttles(request)
        self.check_permissions(request)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Cache-Control", "private, no-cache")
        answer.headers["Vary"] = "Authorization"
        return answer

    def read(self, serializer: type[Serializer[Any]]) -> dict[str, Any]:
        """The body, as the serializer has it."""
        return _valid(serializer(data=self.request.data))

    def query(self, serializer: type[Serializer[Any]]) -> dict[str, Any]:
        """The query, as the serializer has it."""
        return _valid(serializer(data=self.request.query_params.dict()))

    def rows_of(self, rows: QuerySet[Row]) -> list[Row]:
        """Those of the page that is asked for."""
        return self.paginate_queryset(rows) or []

    def page_of(self, rows: Any, serializer: type[Serializer[Any]], **context: Any) -> Response:
        page = self.rows_of(rows)
        return self.get_paginated_response(
            serializer(page, many=True, context={"request": self.request, **context}).data
        )


class OpenView(ApiView):
    """For whoever has no token yet."""

    authentication_classes = ()
    permission_classes = ()


def _valid(filled: Serializer[Any]) -> dict[str, Any]:
    filled.is_valid(raise_exception=True)
    return filled.validated_data


def filled(form: type[forms.Form], said: Any) -> dict[str, Any]:
    """What a page's form makes of it: what a page refuses is refused here, in the same words."""
    if not isinstance(said, Mapping):
        raise ValidationError({"body": ["expected an object"]})
    found = form(said)
    if not found.is_valid():
        raise ValidationError({name: list(map(str, words)) for name, words in found.errors.items()})
    return found.cleaned_data
