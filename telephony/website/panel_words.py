"""What the panel on a website says to a visitor. A language is added as one more entry of `LANGUAGES`."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from agents.languages import nearest


@dataclass(frozen=True, slots=True)
class PanelWords:
    """One language."""

    assistant: str
    microphone: str
    recorded: str
    start: str
    write: str
    connecting: str
    talking: str
    over: str
    again: str
    mute: str
    muted: str
    hang_up: str
    level: str
    captions: str
    you: str
    field: str
    send: str
    close: str
    call: str
    refused_microphone: str
    no_microphone: str
    no_server: str
    lost: str
    stale: str

    def to_json(self) -> dict[str, str]:
        return asdict(self)


LANGUAGES = {
    "en": PanelWords(
        assistant="You talk with an automated assistant.",
        microphone="Your browser will ask for the microphone. Choose “Allow”, then just speak.",
        recorded="This call is recorded.",
        start="Start the call",
        write="No microphone? Write instead",
        connecting="Connecting…",
        talking="In call",
        over="Call ended",
        again="Call again",
        mute="Mute",
        muted="Muted",
        hang_up="Hang up",
        level="Microphone level",
        captions="What is said",
        you="You",
        field="Write a message",
        send="Send",
        close="Close",
        call="Call",
        refused_microphone="The browser may not use the microphone. Allow it beside the address of this page, "
        "or write below.",
        no_microphone="No microphone can be used here. You can write below.",
        no_server="We cannot be reached at the moment. Please try again.",
        lost="The connection was lost.",
        stale="This page was open for long. Reload it and try again.",
    ),
    "es": PanelWords(
        assistant="Habla con un asistente automático.",
        microphone="Su navegador le pedirá el micrófono. Elija «Permitir» y hable con normalidad.",
        recorded="Esta llamada se graba.",
        start="Iniciar la llamada",
        write="¿Sin micrófono? Escriba",
        connecting="Conectando…",
        talking="En llamada",
        over="Llamada terminada",
        again="Llamar de nuevo",
        mute="Silenciar",
        muted="Silenciado",
        hang_up="Colgar",
        level="Nivel del micrófono",
        captions="Lo que se dice",
        you="Usted",
        field="Escriba un mensaje",
        send="Enviar",
        close="Cerrar",
        call="Llamar al",
        refused_microphone="El navegador no puede usar el micrófono. Permítalo junto a la dirección de esta página, "
        "o escriba abajo.",
        no_microphone="Aquí no se puede usar ningún micrófono. Puede escribir abajo.",
        no_server="Ahora no podemos atenderle. Inténtelo de nuevo, por favor.",
        lost="Se perdió la conexión.",
        stale="Esta página lleva mucho tiempo abierta. Vuelva a cargarla e inténtelo de nuevo.",
    ),
    "fr": PanelWords(
        assistant="Vous parlez avec un assistant automatique.",
        microphone="Votre navigateur demandera le microphone. Choisissez « Autoriser », puis parlez.",
        recorded="Cet appel est enregistré.",
        start="Commencer l’appel",
        write="Pas de microphone ? Écrivez",
        connecting="Connexion…",
        talking="En communication",
        over="Appel terminé",
        again="Rappeler",
        mute="Couper le micro",
        muted="Micro coupé",
        hang_up="Raccrocher",
        level="Niveau du microphone",
        captions="Ce qui se dit",
        you="Vous",
        field="Écrivez un message",
        send="Envoyer",
        close="Fermer",
        call="Appeler le",
        refused_microphone="Le navigateur ne peut pas utiliser le microphone. Autorisez-le à côté de l’adresse de "
        "cette page, ou écrivez ci-dessous.",
        no_microphone="Aucun microphone n’est utilisable ici. Vous pouvez écrire ci-dessous.",
        no_server="Nous ne sommes pas joignables pour le moment. Veuillez réessayer.",
        lost="La connexion a été perdue.",
        stale="Cette page est ouverte depuis longtemps. Rechargez-la et réessayez.",
    ),
    "de": PanelWords(
        assistant="Sie sprechen mit einem automatischen Assistenten.",
        microphone="Ihr Browser fragt nach dem Mikrofon. Wählen Sie „Zulassen“ und sprechen Sie einfach.",
        recorded="Dieses Gespräch wird aufgezeichnet.",
        start="Gespräch beginnen",
        write="Kein Mikrofon? Schreiben",
        connecting="Verbinde…",
        talking="Im Gespräch",
        over="Gespräch beendet",
        again="Noch einmal anrufen",
        mute="Stumm",
        muted="Stumm",
        hang_up="Auflegen",
        level="Mikrofonpegel",
        captions="Was gesagt wird",
        you="Sie",
        field="Nachricht schreiben",
        send="Senden",
        close="Schließen",
        call="Anrufen:",
        refused_microphone="Der Browser darf das Mikrofon nicht benutzen. Erlauben Sie es neben der Adresse dieser "
        "Seite, oder schreiben Sie unten.",
        no_microphone="Hier kann kein Mikrofon benutzt werden. Sie können unten schreiben.",
        no_server="Wir sind gerade nicht erreichbar. Bitte versuchen Sie es noch einmal.",
        lost="Die Verbindung ist abgerissen.",
        stale="Diese Seite war lange offen. Laden Sie sie neu und versuchen Sie es noch einmal.",
    ),
    "pt": PanelWords(
        assistant="Você fala com um assistente automático.",
        microphone="O navegador vai pedir o microfone. Escolha “Permitir” e fale normalmente.",
        recorded="Esta chamada é gravada.",
        start="Iniciar a chamada",
        write="Sem microfone? Escreva",
        connecting="Conectando…",
        talking="Em chamada",
        over="Chamada encerrada",
        again="Ligar de novo",
        mute="Silenciar",
        muted="Silenciado",
        hang_up="Desligar",
        level="Nível do microfone",
        captions="O que é dito",
        you="Você",
        field="Escreva uma mensagem",
        send="Enviar",
        close="Fechar",
        call="Ligar para",
        refused_microphone="O navegador não pode usar o microfone. Permita ao lado do endereço desta página, "
        "ou escreva abaixo.",
        no_microphone="Nenhum microfone pode ser usado aqui. Você pode escrever abaixo.",
        no_server="Não podemos atender no momento. Tente novamente, por favor.",
        lost="A conexão caiu.",
        stale="Esta página ficou aberta por muito tempo. Recarregue e tente novamente.",
    ),
    "it": PanelWords(
        assistant="Parla con un assistente automatico.",
        microphone="Il browser chiederà il microfono. Scelga «Consenti» e parli normalmente.",
        recorded="Questa chiamata viene registrata.",
        start="Inizia la chiamata",
        write="Nessun microfono? Scriva",
        connecting="Connessione…",
        talking="In chiamata",
        over="Chiamata terminata",
        again="Richiama",
        mute="Muto",
        muted="Muto",
        hang_up="Riaggancia",
        level="Livello del microfono",
        captions="Ciò che viene detto",
        you="Lei",
        field="Scriva un messaggio",
        send="Invia",
        close="Chiudi",
        call="Chiama",
        refused_microphone="Il browser non può usare il microfono. Lo consenta accanto all’indirizzo di questa pagina, "
        "oppure scriva qui sotto.",
        no_microphone="Qui non si può usare nessun microfono. Può scrivere qui sotto.",
        no_server="Al momento non siamo raggiungibili. Riprovi, per favore.",
        lost="La connessione si è interrotta.",
        stale="Questa pagina è rimasta aperta a lungo. La ricarichi e riprovi.",
    ),
}


def panel_words(language: str) -> PanelWords:
    """The words of the nearest language that has them."""
    return nearest(language, LANGUAGES)
