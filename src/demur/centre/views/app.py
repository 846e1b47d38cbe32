"""The way to the privacy centre inside a product's app: the levels of its menu, as pages for a phone.

Level 1 is the app's first screen; each level shows the menu whose entry leads on. The last is the article about
generative AI, which holds the link to the form.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from demur.centre.catalogue_words import catalogue_lines
from demur.controller.product import Product
from demur.docket.controller import get_controller

_STYLE = ":root {{ --band: {colour}; --on-band: {text_colour}; }}\n"
_an_hour = cache_control(public=True, max_age=3600)


@require_safe
def menu(request: HttpRequest, product: str, level: int = 1) -> HttpResponse:
    """Show a level of a product's menu; the one after the last is the article."""
    found, at = _get_product(product), level - 1
    path = found.menu_path
    if not 0 <= at <= len(path):
        raise Http404
    context = {
        "product": found,
        "level": level,
        "before": level - 1,
        "after": level + 1,
        "title": path[at - 1].name if at else None,
        # One more than the menus: "Right to object" in the article.
        "taps": len(path) - at + 1,
    }
    if at == len(path):
        return render(request, "centre/app_article.html", {**context, "catalogue": catalogue_lines(get_controller())})
    return render(request, "centre/app_menu.html", {**context, "entry": path[at]})


@require_safe
@_an_hour
def style(request: HttpRequest, product: str) -> HttpResponse:  # noqa: ARG001  (Django's signature)
    """Return a product's colours, which were checked when the controller's file was read."""
    found = _get_product(product)
    sheet = _STYLE.format(colour=found.colour, text_colour=found.text_colour)
    return HttpResponse(sheet, content_type="text/css; charset=utf-8")


@require_safe
@_an_hour
def logo(request: HttpRequest, product: str) -> HttpResponse:  # noqa: ARG001  (Django's signature)
    """Return a product's logo, which was checked when the controller's file was read."""
    found = _get_product(product).logo
    if found is None:
        raise Http404
    return HttpResponse(found.raw, content_type=found.media_type)


def _get_product(product_id: str) -> Product:
    found = get_controller().find_product(product_id)
    if found is None:
        raise Http404
    return found
