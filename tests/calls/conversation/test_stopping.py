from __future__ import annotations

import pytest

from calls.conversation.stopping import CONDITIONAL, LANGUAGES, find_stop

PLAIN = {
    "en": ["Stop.", "Please stop calling me!", "Don\u2019t call us any more", "take my number off your list"],
    "es": [
        "No me llamen más.",
        "No me llame más, por favor",
        "Por favor, no me vuelvan a llamar.",
        "no vuelva a llamarme nunca",
        "Quíteme de la lista",
        "Quítenme de su lista, gracias",
        "Borre mi número",
        "Deje de llamarme",
        "dejen de llamar",
        "No quiero recibir más llamadas",
        "No quiero que me llamen",
        "Déjenme en paz",
        "¡Basta ya!",
        "Quiero darme de baja",
    ],
    "fr": [
        "Ne m\u2019appelez plus.",
        "m'appelez plus jamais",
        "Ne me rappelez plus, s\u2019il vous plaît",
        "Ne me téléphonez plus jamais",
        "Arrêtez de m\u2019appeler",
        "Cessez vos appels",
        "Retirez-moi de votre liste",
        "Supprimez mon numéro",
        "Je ne veux plus être appelé",
        "je veux plus recevoir vos appels",
        "Laissez-moi tranquille !",
        "Arrêtez !",
        "Merci de ne plus m'appeler",
    ],
    "de": [
        "Rufen Sie mich nicht mehr an.",
        "Bitte rufen Sie hier nie wieder an",
        "Rufen Sie uns bitte nicht an",
        "ruf mich nicht mehr an",
        "Hören Sie auf!",
        "Hören Sie bitte auf, mich anzurufen",
        "Ich möchte nicht mehr angerufen werden",
        "Keine Anrufe mehr, bitte",
        "Streichen Sie mich von der Liste",
        "Löschen Sie bitte meine Nummer",
        "Lassen Sie mich in Ruhe",
        "Stopp, bitte",
        "Ich widerrufe meine Einwilligung",
    ],
    "pt": [
        "Não me liguem mais.",
        "Não me ligue, por favor",
        "Não ligue mais para mim",
        "Não liguem mais",
        "Pare de me ligar",
        "Parem de ligar",
        "Tire meu número da lista",
        "Me tira... me tirem da sua lista",
        "Não quero mais receber ligações",
        "Me deixem em paz",
        "Chega!",
    ],
    "it": [
        "Non mi chiami più.",
        "Non chiamatemi più",
        "Non mi chiamate mai più, per favore",
        "Smettetela di chiamarmi",
        "La smetta di chiamarmi",
        "Mi tolga dalla lista",
        "Toglietemi dall'elenco",
        "Cancellate il mio numero",
        "Non voglio più ricevere chiamate",
        "Lasciatemi in pace",
        "Basta!",
    ],
}
CONDITIONS = [
    "Don't call me before nine",
    "No me llamen antes de las nueve",
    "Ne m'appelez plus avant neuf heures",
    "Rufen Sie mich nicht vor neun an",
    "Não me ligue antes das nove",
    "Non mi chiami prima delle nove",
]
SOMETHING_ELSE = [
    "Yes, I will be there",
    "Sí, claro, allí estaré. Me llamo Rosa.",
    "No me llamo Rosa",
    "Oui, je viens. Appelez-moi demain.",
    "Ja, das passt. Rufen Sie mich morgen an.",
    "Ich habe nicht verstanden",
    "Sim, confirmo. Pode ligar depois.",
    "Sì, va bene, mi chiami domani",
    "Can we meet at the bus station?",
    "No, that is not my name",
    "Non, ce n'est pas moi",
    "",
    "日本語",
]


@pytest.mark.parametrize("said", [said for of_language in PLAIN.values() for said in of_language])
def test_a_plain_request_is_certain_in_every_language(said: str) -> None:
    found = find_stop(said)

    assert found is not None
    assert found.is_certain


@pytest.mark.parametrize("said", CONDITIONS)
def test_a_request_with_a_condition_is_not_certain(said: str) -> None:
    found = find_stop(said)

    assert found is not None
    assert found.confidence == CONDITIONAL


@pytest.mark.parametrize("said", SOMETHING_ELSE)
def test_what_is_no_request_is_none(said: str) -> None:
    assert find_stop(said) is None


def test_every_language_is_tried_here() -> None:
    assert LANGUAGES.keys() == PLAIN.keys()
