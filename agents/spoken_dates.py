"""A day and a time of day as the languages of agents say them; one without names here says them in English."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from agents.languages import nearest


@dataclass(frozen=True, slots=True)
class Names:
    """How one language names a day: Monday first, January first, each as it stands within a date."""

    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    day: str  # how they are put together
    first: str = "1"  # the first of a month
    halves: bool = False  # the clock goes to twelve, twice

    def date(self, moment: datetime) -> str:
        number = self.first if moment.day == 1 else str(moment.day)
        return self.day.format(self.weekdays[moment.weekday()], number, self.months[moment.month - 1])

    def time(self, moment: datetime) -> str:
        return f"{moment.hour % 12 or 12}:{moment:%M %p}" if self.halves else f"{moment.hour}:{moment:%M}"


def _names(weekdays: str, months: str, day: str, first: str = "1", *, halves: bool = False) -> Names:
    return Names(tuple(weekdays.split()), tuple(months.split()), day, first, halves)


_EAST = " ".join(str(number) for number in range(1, 13))  # where months have numbers
_NAMES = {
    "en": _names(
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        "January February March April May June July August September October November December",
        "{0}, {2} {1}",
        halves=True,
    ),
    "es": _names(
        "lunes martes miércoles jueves viernes sábado domingo",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "{0}, {1} de {2}",
    ),
    "fr": _names(
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "{0} {1} {2}",
        "1er",
    ),
    "de": _names(
        "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "{0}, {1}. {2}",
    ),
    "it": _names(
        "lunedì martedì mercoledì giovedì venerdì sabato domenica",
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        "{0} {1} {2}",
        "1º",
    ),
    "pt": _names(
        "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        "{0}, {1} de {2}",
    ),
    "nl": _names(
        "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
        "januari februari maart april mei juni juli augustus september oktober november december",
        "{0} {1} {2}",
    ),
    "sv": _names(
        "måndag tisdag onsdag torsdag fredag lördag söndag",
        "januari februari mars april maj juni juli augusti september oktober november december",
        "{0} {1} {2}",
    ),
    "da": _names(
        "mandag tirsdag onsdag torsdag fredag lørdag søndag",
        "januar februar marts april maj juni juli august september oktober november december",
        "{0} {1}. {2}",
    ),
    "no": _names(
        "mandag tirsdag onsdag torsdag fredag lørdag søndag",
        "januar februar mars april mai juni juli august september oktober november desember",
        "{0} {1}. {2}",
    ),
    "pl": _names(
        "poniedziałek wtorek środa czwartek piątek sobota niedziela",
        "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
        "{0}, {1} {2}",
    ),
    "tr": _names(
        "Pazartesi Salı Çarşamba Perşembe Cuma Cumartesi Pazar",
        "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
        "{1} {2} {0}",
    ),
    "hi": _names(
        "सोमवार मंगलवार बुधवार गुरुवार शुक्रवार शनिवार रविवार",
        "जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर",
        "{0}, {1} {2}",
    ),
    "ja": _names("月曜日 火曜日 水曜日 木曜日 金曜日 土曜日 日曜日", _EAST, "{2}月{1}日 {0}"),
    "ko": _names("월요일 화요일 수요일 목요일 금요일 토요일 일요일", _EAST, "{2}월 {1}일 {0}"),
    "ru": _names(
        "понедельник вторник среда четверг пятница суббота воскресенье",
        "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
        "{0}, {1} {2}",
    ),
}


def spoken_date(moment: datetime, language: str = "en-US") -> str:
    """Saturday, November 21; sábado, 21 de noviembre."""
    return nearest(language, _NAMES).date(moment)


def spoken_time(moment: datetime, language: str = "en-US") -> str:
    """10:42 AM where the clock goes to twelve, else 10:42."""
    return nearest(language, _NAMES).time(moment)
