"""Italian answers."""

from __future__ import annotations

from campaigns.answers.vocabulary.ways import Ways, any_of, denied_by, first, only

_ALTRO = r"(?:giorno|data|ora|orario|appuntamento|momento|volta)"
ITALIAN = Ways(
    wrong=any_of(
        r"numero (?:sbagliato|errato)",
        r"(?:sbagliato|sbaglia) (?:numero|persona)",
        r"persona sbagliata",
        r"(?:ha|avete|hai) sbagliato",
        r"(?:non (?:abita|vive) (?:piu )?qui|qui non (?:abita|vive))",
        r"nessuno (?:qui )?(?:con questo nome|che si chiam\w+|di nome)",
        r"non (?:conosco|conosciamo) (?:questa persona|quella persona|nessuno|questo nome)",
        r"non sono (?:io|lui|lei|la persona|questa persona|il paziente|la paziente)",
    ),
    reschedule=any_of(
        r"(?:spostar|rimandar|posticipar|anticipar|rinviar|riprogrammar)(?:e|lo|la)",
        r"(?:spostiamo|rimandiamo|rinviamo)",
        rf"altr[oa] {_ALTRO}",
        rf"(?:cambiare|modificare) (?:la |l'|il )?{_ALTRO}",
        r"(?:prossima settimana|settimana prossima)",
    ),
    cancel=any_of(
        r"(?:annullar|disdir|cancellar)(?:e|lo|la)",
        r"(?:annullo|disdico|cancello|annulli|annullate|disdica)",
        r"non (?:posso|possiamo|potro|potremo|riesco|riusciamo|riusciro)(?: piu)?(?: a)?"
        r" (?:venire|esserci|partecipare|presentarmi)",
        r"non (?:vengo|veniamo|verro|verremo|ci saro|ci saremo)",
    ),
    confirm=any_of(
        r"(?<!non )conferm(?:o|iamo|at[oa]|are)",
        r"(?<!non )ci (?:saro|saremo|vediamo)",
        r"(?<!non )(?:verro|verremo)",
        r"(?<!non )(?:va (?:bene|benissimo)|mi va bene)",
        r"(?<!non sono )d'accordo",
        r"(?:conti|contate) su di (?:me|noi)",
        r"a (?:domani|lunedi|martedi|mercoledi|giovedi|venerdi)",
    ),
    agreed=only(
        r"si|certo|certamente|va bene|d'accordo|ok|okay|perfetto|esatto|giusto|volentieri|senz'altro|assolutamente"
        r"|benissimo|bene|grazie|grazie mille|per favore|signore|signora"
    ),
    yes_first=first("si|certo|va bene"),
    refused=only("no|grazie|mi dispiace|purtroppo|signore|signora"),
    hedged=any_of("non", "ma", "pero", "tranne", "forse", "se", "dipende", "credo", "mai"),
    denied=denied_by(
        "non|senza",
        "voglio|vorrei|vogliamo|devo|deve|bisogna|intendo|lo|la|mi|di|che|un",
        "annull|disdi|cancell|spost|rimand|rinvi|cambi|altr[oa] giorno|sbagli",
    ),
    harmless=any_of(r"(?:nessun|senza|non c'e) problema", "non si preoccupi"),
    again=any_of(
        r"chi (?:e|parla|chiama|siete)",
        r"ripet(?:e|a|ere|erlo|ete)",
        r"non (?:ho )?(?:capito|sentito|sento|capisco)",
        r"un (?:momento|attimo)",
        r"come (?:dice|scusi)",
    ),
    hello=only("pronto|si pronto|pronto si|buongiorno|buonasera|buon giorno|buona sera|salve|ciao|cosa|come|chi|scusi"),
    greeted=frozenset({"si"}),
)
