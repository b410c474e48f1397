from __future__ import annotations

import pytest

from calls.conversation import stopping
from campaigns.answers.sorting import Meaning, sort
from campaigns.answers.vocabulary import LANGUAGES

CERTAIN = {
    Meaning.STOP: [
        "Stop.",
        "Please stop",
        "stop calling me",
        "Yes, but please stop calling.",
        "Don't call me again",
        "do not call this number",
        "Never call me anymore!",
        "Take me off your list",
        "remove my number please",
        "I want to opt out",
        "No more calls, thank you",
        "just leave me alone",
        "Don\u2019t call us any more",
    ],
    Meaning.WRONG_PERSON: [
        "You have the wrong number",
        "You have reached the wrong number",
        "There is nobody here by that name",
        "She doesn't live here",
        "I'm not him",
    ],
    Meaning.RESCHEDULE: [
        "Can we reschedule?",
        "I need another day",
        "Could you move my appointment to the afternoon",
        "I can't make it, can we find a different time?",
        "Next week would be good",
    ],
    Meaning.CANCEL: [
        "Please cancel",
        "Yes, I'd like to cancel",
        "I can't make it",
        "I won't be there",
        "we are not coming",
    ],
    Meaning.CONFIRM: [
        "Yes",
        "yes please, thank you",
        "I confirm",
        "I'll be there",
        "That works for me",
        "sounds good, see you then",
        "okay",
    ],
    Meaning.AGAIN: [
        "Hello?",
        "Who is this?",
        "Please state your name and the reason for calling",
        "say that again",
        "Hi, if you record your name and reason for calling, I'll see if this person is available.",
        "Hi, this is Dana. I can't come to the phone right now. Please leave a message after the tone.",
        "You have reached the Delgado family.",
    ],
}


@pytest.mark.parametrize(("said", "meaning"), [(said, meaning) for meaning, all_ in CERTAIN.items() for said in all_])
def test_a_plain_answer_is_certain(said: str, meaning: Meaning) -> None:
    found = sort(said)

    assert (found.meaning, found.is_sure) == (meaning, True)


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("Don't call me before nine", Meaning.STOP),
        ("do not call me at work", Meaning.STOP),
        ("the bus will not stop here", Meaning.STOP),
        ("yes but not at nine", Meaning.CONFIRM),
        ("No", Meaning.CANCEL),
        ("the weather is nice", Meaning.OTHER),
        ("", Meaning.OTHER),
        ("?!", Meaning.OTHER),
    ],
)
def test_what_could_mean_two_things_is_left_to_a_person(said: str, meaning: Meaning) -> None:
    found = sort(said)

    assert (found.meaning, found.is_sure) == (meaning, False)


@pytest.mark.parametrize("said", ["I'll stop by tomorrow, that works", "yes, I will stop in at nine"])
def test_to_stop_by_is_not_to_stop(said: str) -> None:
    assert sort(said).meaning is Meaning.CONFIRM


def test_an_ear_that_doubts_its_words_makes_the_proposal_doubtful() -> None:
    assert sort("yes", heard=0.9).is_sure
    assert not sort("yes", heard=0.4).is_sure


def test_stop_counts_however_badly_it_was_heard() -> None:
    assert sort("stop calling me", heard=0.1).is_sure


def test_the_words_that_led_to_the_proposal_are_named() -> None:
    assert sort("Well, could we reschedule that?").because == "reschedule"


@pytest.mark.parametrize("said", ["stop " * 20_000, "not " * 20_000, "yes " * 20_000 + "x", "\0\ud800", "¿Qué?"])
def test_nothing_that_is_said_breaks_it(said: str) -> None:
    assert 0.0 <= sort(said[:2000]).confidence <= 1.0


# What people answer a reminder, in the other languages: the words, what they mean, and whether that is certain.
SURE, ASK = True, False
SENTENCES = {
    "es": [
        ("Sí, claro", Meaning.CONFIRM, SURE),
        ("Sí, confirmo", Meaning.CONFIRM, SURE),
        ("Ahí estaré, gracias", Meaning.CONFIRM, SURE),
        ("No hay problema, ahí estaré", Meaning.CONFIRM, SURE),
        ("Me parece bien, nos vemos el martes", Meaning.CONFIRM, SURE),
        ("¿Sí?", Meaning.CONFIRM, ASK),
        ("Sí, pero no a las nueve", Meaning.CONFIRM, ASK),
        ("Confirmo si puedo salir antes", Meaning.CONFIRM, ASK),
        ("No puedo ir", Meaning.CANCEL, SURE),
        ("No, no voy a poder asistir", Meaning.CANCEL, SURE),
        ("Quisiera cancelar la cita", Meaning.CANCEL, SURE),
        ("No quiero cancelar", Meaning.CANCEL, ASK),
        ("Por favor no la cancelen", Meaning.CANCEL, ASK),
        ("No voy a llegar tarde", Meaning.OTHER, ASK),
        ("¿Puedo cambiar la cita?", Meaning.RESCHEDULE, SURE),
        ("No puedo ir, quisiera otro día", Meaning.RESCHEDULE, SURE),
        ("No hace falta cambiar la hora", Meaning.RESCHEDULE, ASK),
        ("Tiene el número equivocado", Meaning.WRONG_PERSON, SURE),
        ("Aquí no hay nadie con ese nombre", Meaning.WRONG_PERSON, SURE),
        ("No", Meaning.CANCEL, ASK),
        ("¿Bueno?", Meaning.AGAIN, SURE),
        ("¿Quién habla?", Meaning.AGAIN, SURE),
        ("No me llamen más", Meaning.STOP, SURE),
    ],
    "fr": [
        ("Oui, d'accord", Meaning.CONFIRM, SURE),
        ("Je confirme le rendez-vous", Meaning.CONFIRM, SURE),
        ("J'y serai, merci", Meaning.CONFIRM, SURE),
        ("Pas de problème, je serai là", Meaning.CONFIRM, SURE),
        ("Oui ?", Meaning.CONFIRM, ASK),
        ("Oui, mais pas le matin", Meaning.CONFIRM, ASK),
        ("Je ne peux pas venir", Meaning.CANCEL, SURE),
        ("Je ne viendrai pas", Meaning.CANCEL, SURE),
        ("Je voudrais annuler", Meaning.CANCEL, SURE),
        ("Je ne veux pas annuler", Meaning.CANCEL, ASK),
        ("N'annulez pas", Meaning.CANCEL, ASK),
        ("Je ne peux pas me déplacer", Meaning.CANCEL, SURE),
        ("Est-ce qu'on peut déplacer le rendez-vous ?", Meaning.RESCHEDULE, SURE),
        ("Je ne peux pas venir, auriez-vous une autre date ?", Meaning.RESCHEDULE, SURE),
        ("Vous avez fait un faux numéro", Meaning.WRONG_PERSON, SURE),
        ("Il n'y a personne de ce nom", Meaning.WRONG_PERSON, SURE),
        ("Ce n'est pas moi", Meaning.WRONG_PERSON, SURE),
        ("Non merci", Meaning.CANCEL, ASK),
        ("Allô ?", Meaning.AGAIN, SURE),
        ("Qui est à l'appareil ?", Meaning.AGAIN, SURE),
        ("Ne m'appelez plus", Meaning.STOP, SURE),
    ],
    "de": [
        ("Ja, gerne", Meaning.CONFIRM, SURE),
        ("Ich bestätige den Termin", Meaning.CONFIRM, SURE),
        ("Ich komme", Meaning.CONFIRM, SURE),
        ("Kein Problem, das passt", Meaning.CONFIRM, SURE),
        ("Ja?", Meaning.CONFIRM, ASK),
        ("Ja, aber nicht um neun", Meaning.CONFIRM, ASK),
        ("Ich kann leider nicht kommen", Meaning.CANCEL, SURE),
        ("Ich komme leider nicht", Meaning.CANCEL, SURE),
        ("Ich muss den Termin absagen", Meaning.CANCEL, SURE),
        ("Ich sage den Termin ab", Meaning.CANCEL, SURE),
        ("Ich will nicht absagen", Meaning.CANCEL, ASK),
        ("Bitte den Termin nicht stornieren", Meaning.CANCEL, ASK),
        ("Ich möchte den Termin verschieben", Meaning.RESCHEDULE, SURE),
        ("Ich kann nicht kommen, geht ein anderer Tag?", Meaning.RESCHEDULE, SURE),
        ("Ich möchte ihn nicht verschieben", Meaning.RESCHEDULE, ASK),
        ("Sie haben die falsche Nummer", Meaning.WRONG_PERSON, SURE),
        ("Falsch verbunden", Meaning.WRONG_PERSON, SURE),
        ("Die kenne ich nicht", Meaning.OTHER, ASK),
        ("Das passt mir nicht", Meaning.OTHER, ASK),
        ("Nein", Meaning.CANCEL, ASK),
        ("Hallo?", Meaning.AGAIN, SURE),
        ("Wer ist da?", Meaning.AGAIN, SURE),
        ("Rufen Sie mich nicht mehr an", Meaning.STOP, SURE),
    ],
    "pt": [
        ("Sim, confirmo", Meaning.CONFIRM, SURE),
        ("Com certeza, estarei lá", Meaning.CONFIRM, SURE),
        ("Sem problema, pode contar comigo", Meaning.CONFIRM, SURE),
        ("Sim?", Meaning.CONFIRM, ASK),
        ("Confirmo se puder sair mais cedo", Meaning.CONFIRM, ASK),
        ("Não vou poder ir", Meaning.CANCEL, SURE),
        ("Não posso comparecer", Meaning.CANCEL, SURE),
        ("Quero desmarcar a consulta", Meaning.CANCEL, SURE),
        ("Não quero cancelar", Meaning.CANCEL, ASK),
        ("Gostaria de remarcar", Meaning.RESCHEDULE, SURE),
        ("Não posso ir, tem outro dia?", Meaning.RESCHEDULE, SURE),
        ("Não preciso mudar o horário", Meaning.RESCHEDULE, ASK),
        ("Você ligou para o número errado", Meaning.WRONG_PERSON, SURE),
        ("Ela não mora aqui", Meaning.WRONG_PERSON, SURE),
        ("Se não me engano é na terça", Meaning.OTHER, ASK),
        ("Não", Meaning.CANCEL, ASK),
        ("Oi, tudo bem?", Meaning.AGAIN, SURE),
        ("Quem está falando?", Meaning.AGAIN, SURE),
        ("Não me liguem mais", Meaning.STOP, SURE),
    ],
    "it": [
        ("Sì, va bene", Meaning.CONFIRM, SURE),
        ("Confermo l'appuntamento", Meaning.CONFIRM, SURE),
        ("Ci sarò, grazie", Meaning.CONFIRM, SURE),
        ("Nessun problema, ci vediamo lunedì", Meaning.CONFIRM, SURE),
        ("Sì?", Meaning.CONFIRM, ASK),
        ("Sì, ma non alle nove", Meaning.CONFIRM, ASK),
        ("Confermo se riesco", Meaning.CONFIRM, ASK),
        ("Non posso venire", Meaning.CANCEL, SURE),
        ("Non ci sarò", Meaning.CANCEL, SURE),
        ("Vorrei disdire", Meaning.CANCEL, SURE),
        ("Non voglio disdire", Meaning.CANCEL, ASK),
        ("Possiamo spostare l'appuntamento?", Meaning.RESCHEDULE, SURE),
        ("Non posso venire, c'è un altro giorno?", Meaning.RESCHEDULE, SURE),
        ("Non lo spostare", Meaning.RESCHEDULE, ASK),
        ("Ha sbagliato numero", Meaning.WRONG_PERSON, SURE),
        ("Qui non c'è nessuno con questo nome", Meaning.WRONG_PERSON, SURE),
        ("Non va bene", Meaning.OTHER, ASK),
        ("No grazie", Meaning.CANCEL, ASK),
        ("Pronto?", Meaning.AGAIN, SURE),
        ("Chi parla?", Meaning.AGAIN, SURE),
        ("Non mi chiamate più", Meaning.STOP, SURE),
    ],
    "en": [
        ("No problem, I'll be there", Meaning.CONFIRM, SURE),
        ("Please don't cancel it", Meaning.CANCEL, ASK),
        ("I do not want to reschedule", Meaning.RESCHEDULE, ASK),
        ("I won't be able to make it", Meaning.CANCEL, SURE),
        ("No, I can't come, I need another day", Meaning.RESCHEDULE, SURE),
    ],
}


def test_there_are_sentences_for_every_language_that_we_speak() -> None:
    assert SENTENCES.keys() == LANGUAGES.keys() == stopping.LANGUAGES.keys()


@pytest.mark.parametrize("language", SENTENCES)
def test_an_answer_is_understood_in_its_language(language: str) -> None:
    understood = [(said, (found := sort(said)).meaning, found.is_sure) for said, *_ in SENTENCES[language]]

    assert understood == SENTENCES[language]
