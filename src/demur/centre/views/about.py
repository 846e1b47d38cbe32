"""What a controller trains on and from when, and its public keys."""

from datetime import UTC, datetime

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from demur.centre.catalogue_words import catalogue_lines
from demur.centre.time_left import make_time_left
from demur.controller.controller import ReasonsPolicy
from demur.docket.controller import get_controller


@require_safe
def home(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  (Django's signature)
    """Lead to the page about generative AI, from the front door and from its address with a slash at the end."""
    return redirect("centre:landing")


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """Show what is collected and trained on, from when, and the way to object."""
    controller, now = get_controller(), datetime.now(UTC)
    campaign = controller.campaign_at(now)
    context = {
        "campaign": campaign,
        "time_left": make_time_left(campaign, now),
        "started": [one for one in controller.campaigns if one.has_started(now) and one != campaign],
        "no_reasons": controller.policy.reasons is ReasonsPolicy.OPTIONAL,
        "catalogue": catalogue_lines(controller),
    }
    return render(request, "centre/landing.html", context)


@require_safe
def keys(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  (Django's signature)
    """Return the public keys as text, one verifier key a line: what checks receipts, lists and manifests."""
    path = settings.DEMUR_HOME / "keys" / "public.keys"
    if not path.is_file():
        raise Http404
    return HttpResponse(path.read_bytes(), content_type="text/plain; charset=utf-8")
