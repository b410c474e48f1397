"""Dates, times, sums, numbers and names as they are said in Spanish, French, German, Portuguese and Italian."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest

from campaigns.texts.messages import MessageError, render
from campaigns.texts.tongues import Tongue, tongue


def speech(language: str) -> Tongue:
    found = tongue(language)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("language", "monday", "first"),
    [
        ("es", "lunes veintitrés de noviembre", "martes primero de diciembre"),
        ("fr", "lundi vingt-trois novembre", "mardi premier décembre"),
        ("de", "Montag, den dreiundzwanzigsten November", "Dienstag, den ersten Dezember"),
        ("pt-BR", "segunda-feira, vinte e três de novembro", "terça-feira, primeiro de dezembro"),
        ("it", "lunedì ventitré novembre", "martedì primo dicembre"),
    ],
)
def test_a_date_with_its_weekday(language: str, monday: str, first: str) -> None:
    assert speech(language).day(date(2026, 11, 23)) == monday
    assert speech(language).day(date(2026, 12, 1)) == first


@pytest.mark.parametrize(
    ("language", "morning", "one", "evening", "noon", "midnight"),
    [
        ("es-US", "ocho y quince de la mañana", "una y cinco de la tarde", "nueve de la noche", "doce del mediodía",
         "doce de la noche"),
        ("fr", "huit heures quinze", "treize heures cinq", "vingt et une heures", "midi", "minuit"),
        ("de", "acht Uhr fünfzehn", "dreizehn Uhr fünf", "einundzwanzig Uhr", "zwölf Uhr", "Mitternacht"),
        ("pt", "oito e quinze da manhã", "uma e cinco da tarde", "nove da noite", "meio-dia", "meia-noite"),
        ("it", "otto e quindici", "tredici e cinque", "ventuno", "mezzogiorno", "mezzanotte"),
    ],
)  # fmt: skip
def test_a_time_of_day(language: str, morning: str, one: str, evening: str, noon: str, midnight: str) -> None:
    times = (time(8, 15), time(13, 5), time(21), time(12), time(0))

    assert [speech(language).clock(each) for each in times] == [morning, one, evening, noon, midnight]


def test_one_o_clock_and_a_time_of_which_nobody_knows_the_half() -> None:
    assert speech("fr").clock(time(1)) == "une heure"
    assert speech("fr").clock(time(1, 20)) == "une heure vingt"
    assert speech("de").clock(time(1)) == "ein Uhr"
    assert speech("it").clock(time(1)) == "una"
    assert speech("es").clock(time(2, 30), part_of_day=False) == "dos y treinta"
    assert speech("pt").clock(time(2, 30), part_of_day=False) == "duas e trinta"


@pytest.mark.parametrize(
    ("language", "amount", "currency", "said"),
    [
        ("es", "125.50", "USD", "ciento veinticinco dólares con cincuenta centavos"),
        ("es", "21", "USD", "veintiún dólares"),
        ("es", "201", "GBP", "doscientas una libras"),
        ("es", "0.01", "EUR", "un céntimo"),
        ("fr", "125.50", "USD", "cent vingt-cinq dollars et cinquante cents"),
        ("fr", "0", "EUR", "zéro euro"),
        ("fr", "21", "GBP", "vingt et une livres"),
        ("de", "125.50", "USD", "einhundertfünfundzwanzig Dollar und fünfzig Cent"),
        ("de", "1", "EUR", "ein Euro"),
        ("pt-BR", "1200", "USD", "mil e duzentos dólares"),
        ("pt-BR", "202", "GBP", "duzentas e duas libras"),
        ("pt-PT", "3.05", "EUR", "três euros e cinco cêntimos"),
        ("it", "125.50", "USD", "centoventicinque dollari e cinquanta centesimi"),
        ("it", "1", "GBP", "una sterlina"),
        ("it", "-2", "EUR", "meno due euro"),
    ],
)
def test_money(language: str, amount: str, currency: str, said: str) -> None:
    assert speech(language).money(Decimal(amount), currency) == said


@pytest.mark.parametrize(
    ("language", "number", "phone"),
    [
        ("es", "tres punto cero cinco", "dos cero ocho, cinco cinco cinco, cero uno uno cuatro"),
        ("fr", "trois virgule zéro cinq", "deux zéro huit, cinq cinq cinq, zéro un un quatre"),
        ("de", "drei Komma null fünf", "zwei null acht, fünf fünf fünf, null eins eins vier"),
        ("pt-BR", "três vírgula zero cinco", "dois zero oito, cinco cinco cinco, zero um um quatro"),
        ("it", "tre virgola zero cinque", "due zero otto, cinque cinque cinque, zero uno uno quattro"),
    ],
)
def test_numbers_with_decimals_and_telephone_numbers(language: str, number: str, phone: str) -> None:
    assert speech(language).number(Decimal("3.05")) == number
    assert speech(language).phone("+12085550114") == phone


def test_titles_are_said_in_full() -> None:
    assert speech("es").name("Dra. Ruiz") == "doctora Ruiz"
    assert speech("fr").name("Mme Petit") == "Mme Petit"
    assert speech("fr").name("Mme. Petit") == "madame Petit"
    assert speech("it").name("Sig.ra Bassi") == "signora Bassi"
    assert speech("de").name("DELGADO, ROSA") == "Rosa Delgado"


def test_a_language_that_we_do_not_speak_is_left_to_its_voice() -> None:
    assert tongue("ja") is None
    assert render("{{visit_date}}", {"visit_date": "2026-11-23"}, "ja").text == "2026-11-23"


# Written in one language, said in another


def said(value: str, language: str, written_in: str, variable: str = "value") -> str:
    return render(f"{{{{{variable}}}}}", {variable: value}, language, written_in).text


@pytest.mark.parametrize(
    ("variable", "value", "written_in", "words"),
    [
        ("visit_date", "11/03/2026", "en-US", "martes tres de noviembre"),
        ("visit_date", "03/11/2026", "fr", "martes tres de noviembre"),
        ("visit_date", "3.11.2026", "de", "martes tres de noviembre"),
        ("amount", "$1,250.50", "en-US", "mil doscientos cincuenta dólares con cincuenta centavos"),
        ("amount", "1.250,50 €", "de", "mil doscientos cincuenta euros con cincuenta céntimos"),
        ("amount", "1.250", "de", "mil doscientos cincuenta dólares"),
        ("amount", "125.50", "es-US", "ciento veinticinco dólares con cincuenta centavos"),
        ("visit_time", "8:15 AM", "en-US", "ocho y quince de la mañana"),
    ],
)
def test_values_are_read_as_the_business_writes_them(variable: str, value: str, written_in: str, words: str) -> None:
    assert said(value, "es-US", written_in, variable) == words


def test_a_number_that_may_be_two_is_left_as_it_is_written() -> None:
    assert said("1.250", "de", "de") == "1.250"
    assert said("1,250", "es", "en-US") == "mil doscientos cincuenta"


def test_what_the_text_says_itself_is_in_words_as_well() -> None:
    message = render("Su cita es el 2026-11-23 a las 14:30.", {}, "es-US")

    assert message.text == "Su cita es el lunes veintitrés de noviembre a las dos y treinta de la tarde."
    assert [fact.kind for fact in message.facts] == ["date", "time"]


def test_a_date_that_is_none_in_english_is_refused_in_every_language() -> None:
    with pytest.raises(MessageError, match="cannot be read as a date"):
        said("23.13.2026", "es", "en-US", "visit_date")
