"""The reply inbox: the list with one reply opened, what is done with it, its recording, and the list as a file."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from agentos.exporting import csv_file
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from agentos.tenants.templatetags.words import phone
from agentos.vault import Unreadable
from calls.recordings import wanted_range
from campaigns.answers import inbox
from campaigns.answers.inbox import What
from campaigns.answers.inbox_list import HEAD, InboxList, Wanted, export_rows, with_people
from campaigns.answers.inbox_page import BUTTONS, ReplyPage
from campaigns.answers.replies import recorded
from campaigns.models import Reply, ReplyStep

UNDO = "undo"
MOST_LOOKED_AT = 2000


@allowed(Permission.VIEW_CONTACTS)
@require_safe
def index(request: TenantRequest) -> HttpResponse:
    """The first of the list is opened. A page that asks again and again gets the list alone."""
    wanted = Wanted.read(request.GET)
    if request.htmx.target == "replies-list":
        opened = Reply.objects.filter(pk=_number(request.GET.get("open", ""))).first()
        context = {"inbox": InboxList(wanted, request.user, opened), "wanted": wanted}
        return render(request, "campaigns/replies/_list.html", context)
    first = InboxList(wanted, request.user).next
    return _page(request, wanted, first)


@allowed(Permission.VIEW_CONTACTS, to_change=Permission.HANDLE_REPLIES)
def reply(request: TenantRequest, reply_id: int) -> HttpResponse:
    """One reply opened beside the list. What is posted is done with it, and the next one opens."""
    wanted, found = Wanted.read(request.GET), get_object_or_404(with_people(Reply.objects.all()), pk=reply_id)
    if request.method != "POST":
        return _page(request, wanted, found, is_reading=True)
    following = _following(wanted, request, found)
    try:
        step = _do(request, found)
    except inbox.Stale as stale:
        messages.warning(request, stale.message)
        return _answer(request, wanted, found)
    what, who = What(step.what), found.target.contact or phone(found.attempt.e164)
    if step.undone_at is not None:
        messages.success(request, f"Taken back: {who}, {what.words.lower()}.")
        return _answer(request, wanted, found)
    done = f"{who}: {what.words.lower()}."
    stays = what in (What.ASSIGN, What.NOTE, What.REOPEN)
    return _answer(request, wanted, found if stays else following, done=done, step=step)


def _do(request: TenantRequest, found: Reply) -> ReplyStep:
    """The step that the form asks for."""
    form, tenant, by = request.POST, request.tenant, request.user
    action, seen = form.get("action", ""), _number(form.get("version", ""))
    if action == UNDO:
        return inbox.undo(tenant, found.pk, step_id=_number(form.get("step", "")), by=by)
    match action:
        case What.ASSIGN:
            to = next((each for each in inbox.colleagues(tenant) if str(each.pk) == form.get("to")), None)
            return inbox.assign(tenant, found.pk, to=to, seen=seen, by=by)
        case What.NOTE:
            return inbox.note(tenant, found.pk, text=form.get("note", ""), seen=seen, by=by)
        case What.REOPEN:
            return inbox.reopen(tenant, found.pk, seen=seen, by=by)
    if action not in {button.what for button in BUTTONS}:
        raise BadRequest("no such action")
    return inbox.handle(tenant, found.pk, what=What(action), seen=seen, by=by)


def _following(wanted: Wanted, request: TenantRequest, found: Reply) -> Reply | None:
    """What opens next: below in the list, else its first."""
    ids = list(wanted.apply(request.user).values_list("pk", flat=True)[:MOST_LOOKED_AT])
    place = ids.index(found.pk) if found.pk in ids else -1
    following = next((pk for pk in (*ids[place + 1 :], *ids) if pk != found.pk), 0)
    return with_people(Reply.objects.all()).filter(pk=following).first()


def _answer(
    request: TenantRequest, wanted: Wanted, opened: Reply | None, *, done: str = "", step: ReplyStep | None = None
) -> HttpResponse:
    """The inbox as it is now, at the address of what is opened."""
    address = _address(request, wanted, opened)
    if not request.htmx:
        if done:
            messages.success(request, done)
        return redirect(address)
    if opened is not None:
        opened = with_people(Reply.objects.all()).get(pk=opened.pk)
    response = _page(request, wanted, opened, is_reading=opened is not None, done=done, step=step)
    response["HX-Push-Url"] = address
    return response


def _page(
    request: TenantRequest,
    wanted: Wanted,
    opened: Reply | None,
    *,
    is_reading: bool = False,
    done: str = "",
    step: ReplyStep | None = None,
) -> HttpResponse:
    context = {
        "inbox": InboxList(wanted, request.user, opened),
        "wanted": wanted,
        "page": ReplyPage(opened, request.tenant, request.user) if opened else None,
        "reply": opened,
        "buttons": BUTTONS,
        "is_reading": is_reading,
        "done": done,
        "step": step,
    }
    return render(request, "campaigns/replies/index.html", context)


@allowed(Permission.HEAR_RECORDINGS)
@require_safe
def recording(request: TenantRequest, reply_id: int) -> HttpResponse:
    """The sealed recording, opened for this answer alone; a part of it where the browser asks for one."""
    try:
        sound = recorded(get_object_or_404(Reply, pk=reply_id))
    except (FileNotFoundError, Unreadable) as error:
        raise Http404 from error
    wanted = wanted_range(request.headers.get("Range", ""), len(sound))
    start, end = wanted or (0, len(sound))
    if start >= end:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{len(sound)}"})
    response = HttpResponse(sound[start:end], content_type="audio/wav", status=206 if wanted else 200)
    response["Accept-Ranges"] = "bytes"
    if wanted:
        response["Content-Range"] = f"bytes {start}-{end - 1}/{len(sound)}"
    return response


@allowed(Permission.VIEW_CONTACTS)
@require_safe
def export(request: TenantRequest) -> HttpResponse:
    """The list as it is filtered."""
    return csv_file("replies", HEAD, export_rows(Wanted.read(request.GET).apply(request.user)))


def _address(request: TenantRequest, wanted: Wanted, opened: Reply | None) -> str:
    slug = request.tenant.slug
    place = reverse("replies:reply", args=[slug, opened.pk]) if opened else reverse("replies:index", args=[slug])
    return f"{place}{wanted.here if wanted.asked else ''}"


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0
