"""The pages of the calendar: the week with one appointment opened or a new one, the opening hours, the feed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods, require_safe

from agentos.errors import DomainError
from agentos.tenants.log import record
from agentos.tenants.permissions import Permission, TenantRequest, allowed, may
from calls.calendar import booking, feed, following, google
from calls.calendar.booking import NotFree, Origin
from calls.calendar.forms import AppointmentForm, HoursForm, TimeForm
from calls.calendar.models import Appointment, Calendar
from calls.calendar.slots import DAY
from calls.calendar.spoken import joined, read_day, read_moment, say_moment
from calls.calendar.week import Week

LISTED = 100
AHEAD = timedelta(days=60)


@allowed(Permission.VIEW_CALENDAR, to_change=Permission.MANAGE_CALENDAR)
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: TenantRequest) -> HttpResponse:
    """A week, or the list from today on; posted, one more appointment."""
    calendar = _chosen(request)
    if request.method != "POST":
        return _page(
            request, calendar, form=AppointmentForm(calendar=calendar, initial=_first_values(request, calendar))
        )
    form = AppointmentForm(request.POST, calendar=calendar)
    if form.is_valid():
        try:
            made = booking.book(calendar, form.guest, form.wish, Origin(person=request.user))
        except NotFree as refused:
            form.add_error("at", _said(refused, calendar))
        else:
            messages.success(request, f"Booked: {made.name}, {_words(made.starts_at, calendar)}.")
            return redirect(_address(request, made))
    return _page(request, calendar, form=form, status=422)


@allowed(Permission.VIEW_CALENDAR, to_change=Permission.MANAGE_CALENDAR)
@require_http_methods(["GET", "HEAD", "POST"])
def appointment(request: TenantRequest, appointment_id: UUID) -> HttpResponse:
    """One appointment beside its week. What is posted moves it or cancels it."""
    found: Appointment = get_object_or_404(
        Appointment.objects.select_related("calendar", "call__agent", "booked_by"), pk=appointment_id
    )
    calendar = found.calendar
    initial = TimeForm.of(found, ZoneInfo(calendar.zone))
    if request.method != "POST":
        return _page(request, calendar, opened=found, form=TimeForm(calendar=calendar, initial=initial))
    action = request.POST.get("action")
    if action == "cancel":
        booking.cancel(found)
        messages.success(
            request, f"Canceled: {found.name}, {_words(found.starts_at, calendar)}. The time is free again."
        )
        return redirect(_address(request, found))
    if action != "move":
        raise BadRequest("no such action")
    form = TimeForm(request.POST, calendar=calendar, initial=initial)
    if form.is_valid():
        try:
            moved = booking.move(found, form.wish)
        except NotFree as refused:
            form.add_error("at", _said(refused, calendar))
        else:
            messages.success(request, f"Moved: {moved.name}, {_words(moved.starts_at, calendar)}.")
            return redirect("calendar:appointment", request.tenant.slug, moved.pk)
    return _page(request, calendar, opened=found, form=form, status=422)


@allowed(Permission.VIEW_CALENDAR, to_change=Permission.MANAGE_CALENDAR)
@require_http_methods(["GET", "HEAD", "POST"])
def hours(request: TenantRequest) -> HttpResponse:
    """Opening hours, days off, lengths; the feed; one more calendar."""
    calendar = _chosen(request)
    form = HoursForm(instance=calendar)
    if request.method == "POST":
        match request.POST.get("action"):
            case "share":
                feed.share(calendar := booking.kept(calendar))
                _record(calendar, "shared", "Made a new address for the feed of {}")
                messages.success(request, "The feed has a new address. An older one leads nowhere now.")
                return redirect(_hours_address(request, calendar))
            case "withdraw":
                feed.withdraw(calendar := booking.kept(calendar))
                _record(calendar, "withdrawn", "Switched off the feed of {}")
                messages.success(request, "The feed is off. Its address leads nowhere now.")
                return redirect(_hours_address(request, calendar))
            case "add":
                return redirect(_hours_address(request, _another(request)))
            case "disconnect":
                _disconnect(request, calendar)
                return redirect(_hours_address(request, calendar))
        form = HoursForm(request.POST, instance=booking.kept(calendar))
        if form.is_valid():
            saved = form.save()
            _record(saved, "saved", "Saved the opening hours of {}")
            messages.success(request, "Saved. Agents offer these times from the next question on.")
            return redirect(_hours_address(request, saved))
        calendar = _chosen(request)
    context: dict[str, Any] = {
        "calendar": calendar,
        "calendars": booking.calendars(),
        "form": form,
        "google": google.link_of(calendar),
    }
    if may(request.membership, Permission.MANAGE_CALENDAR):  # the addresses are for those who may withdraw them
        context["feed_url"] = feed.feed_url(calendar)
        context["connect_url"] = google.connect_url(calendar, request.user)
    return render(request, "calendar/hours.html", context, status=422 if form.errors else 200)


@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The feed. Whatever is wrong with the address, there is nothing here."""
    try:
        body = feed.open_feed(token)
    except LookupError as error:
        raise Http404 from error
    headers = {"Cache-Control": "private, max-age=300"}
    return HttpResponse(body, content_type="text/calendar; charset=utf-8", headers=headers)


# What is shown ----------------------------------------------------------------------------------------------


def _page(
    request: TenantRequest,
    calendar: Calendar,
    *,
    form: TimeForm,
    opened: Appointment | None = None,
    status: int = 200,
) -> HttpResponse:
    zone = ZoneInfo(calendar.zone)
    around = _around(request, opened, calendar)
    own = Appointment.objects.filter(calendar_id=calendar.pk).select_related("call__agent", "booked_by")
    since, until = Week.span(calendar, around)
    link = google.link_of(calendar)
    comes = own.filter(starts_at__gte=since, starts_at__lt=until)
    week = Week(calendar, around, comes, now(), busy=following.busy_there(link))
    is_list = request.GET.get("view") == "list" and opened is None
    context = {
        "calendar": calendar,
        "calendars": booking.calendars(),
        "week": week,
        "is_list": is_list,
        "search": request.GET.get("search", "").strip()[:80],
        "days": _listed(request, own, zone) if is_list else week.days,
        "opened": opened,
        "google": link,
        "form": form,
        "today": now().astimezone(zone).date(),
    }
    return render(request, "calendar/index.html", context, status=status)


def _listed(request: TenantRequest, own: QuerySet[Appointment], zone: ZoneInfo) -> list[dict[str, Any]]:
    """From today on by day; with a search, everything that fits, the latest first."""
    search = request.GET.get("search", "").strip()[:80]
    if search:
        fits = Q(name__icontains=search) | Q(reason__icontains=search)
        digits = "".join(each for each in search if each.isdigit())
        if digits and may(request.membership, Permission.SEE_NUMBERS):
            fits |= Q(e164__contains=digits)
        rows = list(own.filter(fits).order_by("-starts_at")[:LISTED])
    else:
        today = datetime.combine(now().astimezone(zone).date(), datetime.min.time(), tzinfo=zone)
        rows = list(own.filter(starts_at__gte=today, starts_at__lt=today + AHEAD).order_by("starts_at")[:LISTED])
    days: dict[date, list[Appointment]] = {}
    for each in rows:
        days.setdefault(each.starts_at.astimezone(zone).date(), []).append(each)
    return [{"date": day, "appointments": of_day} for day, of_day in days.items()]


def _chosen(request: TenantRequest) -> Calendar:
    """The calendar of the address; the usual one where it names none of ours."""
    wanted = request.GET.get("calendar", "")
    found = booking.calendars().filter(pk=wanted).first() if wanted.isdecimal() and len(wanted) < 18 else None
    return found or booking.usual_calendar()


def _around(request: TenantRequest, opened: Appointment | None, calendar: Calendar) -> date:
    """The day whose week is drawn: as asked for; otherwise today, and once this week is over, the next opening."""
    zone = ZoneInfo(calendar.zone)
    if opened is not None:
        return opened.starts_at.astimezone(zone).date()
    today = now().astimezone(zone).date()
    day = read_day(request.GET.get("week", "")) or read_day(request.GET.get("at", ""))
    if day is not None and abs(day - today) < 3660 * DAY:
        return day
    rest_of_week = (today + days * DAY for days in range(7 - today.weekday()))
    if any(calendar.rules.stretches(each) for each in rest_of_week):
        return today
    opening = calendar.rules.next_opening(now())
    return opening.astimezone(zone).date() if opening else today


def _first_values(request: TenantRequest, calendar: Calendar) -> dict[str, Any]:
    """The time that was pressed in the week; otherwise today, or the Monday of a week to come."""
    zone = ZoneInfo(calendar.zone)
    pressed = read_moment(request.GET.get("at", ""), zone)
    if pressed is None:
        around, today = _around(request, None, calendar), now().astimezone(zone).date()
        return {"day": max(today, around - around.weekday() * DAY)}
    there = pressed.astimezone(zone)
    return {"day": there.date(), "at": there.time()}


def _disconnect(request: TenantRequest, calendar: Calendar) -> None:
    link = google.link_of(calendar)
    if link is not None:
        google.disconnect(link)
        _record(calendar, "disconnected", "Disconnected {} from Google")
    messages.success(request, "Google Calendar is disconnected. Agents see this calendar alone.")


def _another(request: TenantRequest) -> Calendar:
    name = request.POST.get("name", "").strip()[:60]
    if not name:
        raise DomainError("no_name", "Give the new calendar a name, such as the person it is for.")
    if booking.calendars().filter(name__iexact=name).exists():
        raise DomainError("name_taken", "Another calendar has this name.")
    like = booking.kept(booking.usual_calendar())
    made: Calendar = Calendar.objects.create(name=name, zone=like.zone, hours=like.hours)
    _record(made, "added", "Added the calendar {}")
    messages.success(request, f"{made} is ready, with the hours of {like}.")
    return made


def _record(calendar: Calendar, what: str, words: str) -> None:
    record(f"calendar.{what}", words.format(calendar), subject=f"calendar {calendar.pk}")


def _words(moment: datetime, calendar: Calendar) -> str:
    return say_moment(moment, ZoneInfo(calendar.zone), now())


def _said(refused: NotFree, calendar: Calendar) -> str:
    near = joined([_words(each, calendar) for each in refused.nearest])
    return f"Somebody else comes then. Free: {near}." if near else "Somebody else comes then."


def _address(request: TenantRequest, about: Appointment) -> str:
    """The week in which it is."""
    day = about.starts_at.astimezone(ZoneInfo(about.calendar.zone)).date()
    return f"{reverse('calendar:index', args=[request.tenant.slug])}?week={day}&calendar={about.calendar_id}"


def _hours_address(request: TenantRequest, calendar: Calendar) -> str:
    return f"{reverse('calendar:hours', args=[request.tenant.slug])}?calendar={calendar.pk}"
