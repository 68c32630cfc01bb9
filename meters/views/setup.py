from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from meters.forms.first_administrator import FirstAdministratorForm
from meters.services import create_first_administrator as service


@never_cache
@sensitive_post_parameters("password", "token")
def first_administrator(request: HttpRequest) -> HttpResponse:
    """Make the first administrator; without its one-time token, say where that is."""
    token = request.POST.get("token") or request.GET.get("token", "")
    if service.has_administrator() or not service.is_valid_token(token):
        return _refused(request, token)
    form = FirstAdministratorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user, site = service.create_first_administrator(
                token=token, **form.cleaned_data
            )
        except service.InvalidTokenError:
            return _refused(request, token)
        login(request, user)
        return redirect(site)
    return render(
        request, "meters/first_administrator.html", {"form": form, "token": token}
    )


def _refused(request: HttpRequest, token: str) -> HttpResponse:
    context = {"is_done": service.has_administrator(), "token_given": bool(token)}
    status = 403 if token else 200
    return render(
        request, "meters/first_administrator_refused.html", context, status=status
    )
