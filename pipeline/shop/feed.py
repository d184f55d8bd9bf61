"""Products for other programs: Google's columns as CSV, and all files with their hashes as JSON."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from config.sheets import harmless
from pipeline.models import Rendition
from pipeline.shop import files
from pipeline.shop.products import Product, ViewShown

Link = Callable[[Rendition], str]
COLUMNS = ("id", "image_link", "additional_image_link", "file_name", "additional_file_name")
"""The first three as https://support.google.com/merchants/answer/7052112 names them, which passes over the others: what
the linked files are called. Where there may be several, commas stand between."""
EXTENSIONS = ("jpg", "png", "webp")
"""The first that there is."""


class _Line:
    """What a CSV writer writes is handed on at once."""

    def write(self, text: str) -> str:
        return text


def in_csv(products: Iterable[Product], link: Link) -> Iterator[str]:
    """A line a product. One without a front picture in the shop has none: Google takes no product without."""
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for product in products:
        front, *others = (_listed(shown) for shown in product.views)
        if front:
            main, more = front[0], [*front[1:], *(file for listed in others for file in listed)]
            called = files.names(product.files)
            links = link(main), ",".join(map(link, more))
            row = (product.code, *links, called[main.pk], ",".join(called[file.pk] for file in more))
            yield writer.writerow(map(harmless, row))


def in_json(products: Iterable[Product], link: Link) -> Iterator[str]:
    """Each product with every file that the shop has of it."""
    before = '{"products": [\n'
    for product in products:
        yield before + json.dumps(_told(product, link))
        before = ",\n"
    yield "\n]}\n" if before == ",\n" else '{"products": []}\n'


def _listed(shown: ViewShown) -> list[Rendition]:
    """Its pictures on white, each in one format: the whole product, and its half-glass."""
    found = {(file.variant, file.extension): file for file in shown.files}
    kinds = ((found.get((variant, extension)) for extension in EXTENSIONS) for variant in ("white", "half-glass"))
    return [file for kind in kinds if (file := next(filter(None, kind), None))]


def _told(product: Product, link: Link) -> dict[str, Any]:
    called = files.names(product.files)
    return {
        "code": product.code,
        "is_complete": product.is_complete,
        "views": product.views_in_shop,
        "views_expected": len(product.views),
        "files_expected": product.files_expected,
        "files": [_file(shown, file, called[file.pk], link) for shown in product.views for file in shown.files],
    }


def _file(shown: ViewShown, file: Rendition, called: str, link: Link) -> dict[str, Any]:
    told = {"name": file.name, "file_name": called, "key": file.key, "view": shown.view}
    told |= {"variant": file.variant, "format": file.extension}
    size = {"size": file.size, "width": file.width, "height": file.height}
    return told | size | {"sha256": file.sha256, "link": link(file)}
