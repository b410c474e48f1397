"""French answers."""

from __future__ import annotations

from campaigns.answers.vocabulary.ways import Ways, any_of, denied_by, first, only

_AUTRE = r"(?:jour|date|heure|moment|rendez vous|creneau|fois)"
FRENCH = Ways(
    wrong=any_of(
        r"(?:mauvais|faux) numero",
        r"mauvaise personne",
        r"erreur de numero",
        r"vous (?:vous )?(?:etes )?tromp(?:e|ee|es|ez)",
        r"personne (?:ici )?(?:de|a|avec) ce nom",
        r"n'habite (?:pas|plus) ici",
        r"(?:connais|connaissons) pas (?:cette personne|ce monsieur|cette dame|ce nom)",
        r"(?:c'est|n'est|suis) pas (?:moi|lui|elle|cette personne|la (?:bonne )?personne|le patient|la patiente)",
    ),
    reschedule=any_of(
        r"(?:report|repouss|avanc)(?:er|ez|e|ons)",
        r"(?<!me )(?<!nous )(?:decal|deplac)(?:er|ez|e|ons)",
        r"re ?programm(?:er|ez|e)",
        rf"(?:autre|nouveau|nouvelle) {_AUTRE}",
        rf"(?:changer|changez|modifier|modifiez) (?:de |la |le |l'|mon |notre )?{_AUTRE}",
        r"la semaine (?:prochaine|suivante)",
    ),
    cancel=any_of(
        r"annul(?:er|ez|e|ons|ation)",
        r"(?:peux|pourrai|pourrais|pouvons|pourrons) (?:malheureusement )?(?:pas|plus) (?:y )?"
        r"(?:venir|etre (?:la|present)|me deplacer|nous deplacer|assister|aller)",
        r"(?:viendrai|viendrons|viens|venons|irai|irons) (?:malheureusement )?(?:pas|plus)",
        r"(?:serai|serons) pas (?:la|present)",
    ),
    confirm=any_of(
        r"confirm(?:e|ons|er|ee)",
        r"(?:je|j'y|nous|on|y) (?:serai|serons|sera|viendrai|viendrons)(?! pas| plus| malheureusement)",
        r"(?<!pas )c'est (?:bon|parfait|note|d'accord|entendu|ok)",
        r"ca (?:me |nous )?(?:va|convient)(?! pas)",
        r"(?<!pas )(?:d'accord|entendu)",
        r"comptez sur (?:moi|nous)",
        r"a (?:demain|lundi|mardi|mercredi|jeudi|vendredi)",
    ),
    agreed=only(
        r"oui|ouais|si|d'accord|ok|okay|bien sur|parfait|tres bien|entendu|c'est bon|absolument|tout a fait|volontiers"
        r"|exact|exactement|certainement|avec plaisir|merci|merci beaucoup|s'il vous plait|monsieur|madame"
    ),
    yes_first=first("oui|ouais|d'accord|bien sur"),
    refused=only("non|merci|desolee?|pas du tout|monsieur|madame"),
    hedged=any_of(
        *("ne", "n'", "pas", "plus", "jamais", "mais", "sauf", "si", "peut etre", "sous reserve", "ca depend"),
        "je crois",
    ),
    denied=denied_by(
        "ne|n'|pas|sans|jamais",
        "veux|voulons|souhaite|souhaitons|vais|faut|pas|plus|besoin|de|d'|l'|le|la|un|une",
        "annul|report|decal|deplac|repouss|chang|modifi|autre jour|tromp",
    ),
    harmless=any_of(r"(?:pas de|sans|aucun) (?:probleme|souci)s?", "ne vous inquietez pas"),
    again=any_of(
        r"(?:c'est qui|qui (?:est ce|etes vous|c'est|est a l'appareil|parle|appelle))",
        r"(?:repet(?:er|ez|e)|redire|redites)",
        r"(?:rien|pas) (?:bien )?(?:entendu|compris)",
        r"un (?:moment|instant)",
    ),
    hello=only("allo|bonjour|bonsoir|oui allo|allo oui|oui bonjour|quoi|pardon|comment|qui|hein"),
    greeted=frozenset({"oui", "si"}),
)
