"""The addresses of the public surface."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [path("", include("demur.centre.urls"))]

handler400 = "demur.web.error_pages.bad_request"
handler403 = "demur.web.error_pages.permission_denied"
handler404 = "demur.web.error_pages.page_not_found"
handler500 = "demur.web.error_pages.server_error"
