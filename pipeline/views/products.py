"""Products as the catalogue sees them: all of them, one of them, and what other programs are told of them."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from accounts.access import allowed, signed_in
from accounts.lists import UpToMany
from config.asked import Asked, read
from pipeline import reshoots
from pipeline.models import Transition
from pipeline.shop import feed, files, products
from pipeline.shop.products import Product
from pipeline.views.pages import one_of, page
from pipeline.views.published import described, link_to, zipped

PRODUCTS_PER_PAGE, MOVES_SHOWN = 60, 100
ONLY = {"": "All", "shop": "In the shop", "complete": "Complete", "waiting": "Waiting", "reshoot": "To reshoot"}


class CatalogueOfMany(UpToMany):
    """Whether a product is complete is asked of each one that is counted."""

    most = 10_000


class CatalogueQuery(forms.Form):
    q = forms.CharField(required=False, max_length=200)
    only = one_of(products.FILTERS)
    page = forms.IntegerField(required=False, min_value=1)


@allowed("pipeline.view_batch")
def catalogue(request: HttpRequest) -> HttpResponse:
    """Page by page, those whose code begins so, and of which the filter is true."""
    user, query = signed_in(request), read(CatalogueQuery, request.GET)
    pages = CatalogueOfMany(_codes(request, query), PRODUCTS_PER_PAGE)
    shown = pages.get_page(query["page"] or 1)
    context: dict[str, Any] = {
        "title": "Products",
        "page": shown,
        "products": products.of(user, list(shown.object_list)),
    }
    context |= {"query": query, "only": ONLY, "link_days": files.LINK_LASTS.days}
    return page(request, "pipeline/products.html", **context)


def _codes(request: HttpRequest, query: Asked) -> Any:
    return products.codes(signed_in(request), begins=query["q"], only=query["only"])


@allowed("pipeline.view_batch")
def product(request: HttpRequest, code: str) -> HttpResponse:
    """Its views with their files or their state, and, for who may see that, everything that happened."""
    user, found = signed_in(request), _found(request, code)
    photos = [shown.frame for shown in found.views if shown.frame]
    told = {frame.pk: said for frame, said in reshoots.told_of_frames(photos, user)}
    context: dict[str, Any] = {
        "product": found,
        "views": [
            (shown, described(request, shown.files), told.get(shown.frame.pk) if shown.frame else None)
            for shown in found.views
        ],
        "link_days": files.LINK_LASTS.days,
        "moves": _moves(request, found) if user.has_perm("pipeline.view_frame") else None,
        "most": MOVES_SHOWN,
    }
    return page(request, "pipeline/product.html", title=found.code, **context)


def _found(request: HttpRequest, code: str) -> Product:
    for found in products.of(signed_in(request), [code.upper()]):
        return found
    raise Http404("No photo of this product is here.")


def _moves(request: HttpRequest, found: Product) -> list[Transition]:
    return list(products.history(signed_in(request), found.code)[:MOVES_SHOWN])


@allowed("pipeline.download")
def product_zip(request: HttpRequest, code: str) -> HttpResponseBase:
    """All files that the shop has of it."""
    found = _found(request, code)
    if not found.files:
        raise Http404("Nothing of this product is in the shop.")
    return zipped(found.files, f"{found.code}.zip")


@allowed("pipeline.download")
def catalogue_csv(request: HttpRequest) -> HttpResponseBase:
    """For Google, and for whatever reads its columns."""
    return _exported(request, feed.in_csv, "products.csv", "text/csv; charset=utf-8")


@allowed("pipeline.download")
def catalogue_json(request: HttpRequest) -> HttpResponseBase:
    """Every file with its hash."""
    return _exported(request, feed.in_json, "products.json", "application/json")


def _exported(
    request: HttpRequest, told: Callable[[Iterable[Product], feed.Link], Iterator[str]], name: str, kind: str
) -> HttpResponseBase:
    """What the catalogue shows by that search and filter, of all its pages; sent while it is read."""
    wanted = list(_codes(request, read(CatalogueQuery, request.GET)))
    lines = told(products.each(signed_in(request), wanted), partial(link_to, request))
    return StreamingHttpResponse(
        lines, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
