"""What a controller trains on, and its public keys."""

from datetime import datetime

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from demur.docket.controller import get_controller


@require_safe
def home(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  (Django's signature)
    """Lead to the page about generative AI, from the front door and from its address with a slash at the end."""
    return redirect("centre:landing")


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """Show what is collected and trained on, from when, and the way to object."""
    controller = get_controller()
    names = {product.id: product.name for product in controller.products}
    context = {
        "starts_on": controller.campaign.training_starts_on,
        "days_left": (controller.campaign.training_starts_on - datetime.now(controller.time_zone).date()).days,
        "collected": [(item, [names[product] for product in item.products]) for item in controller.collected],
    }
    return render(request, "centre/landing.html", context)


@require_safe
def keys(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  (Django's signature)
    """Return the public keys as text, one verifier key a line: what checks receipts, lists and manifests."""
    path = settings.DEMUR_HOME / "keys" / "public.keys"
    if not path.is_file():
        raise Http404
    return HttpResponse(path.read_bytes(), content_type="text/plain; charset=utf-8")
