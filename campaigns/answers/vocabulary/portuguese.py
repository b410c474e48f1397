"""Portuguese answers."""

from __future__ import annotations

from campaigns.answers.vocabulary.ways import Ways, any_of, denied_by, first, only

_OUTRO = r"(?:dia|data|hora|horario|consulta|momento)"
PORTUGUESE = Ways(
    wrong=any_of(
        r"numero (?:errado|incorreto)",
        r"pessoa errada",
        r"(?:ligou|ligaram|discou) (?:\w+ ){0,3}?errado",
        r"(?:e engano|foi engano|engano seu|enganou se|enganaram se)",
        r"(?:nao (?:mora|vive) (?:mais )?aqui|aqui nao (?:mora|vive))",
        r"nao (?:tem|ha|existe) ninguem (?:aqui )?(?:com (?:esse|este) nome|chamad[oa])",
        r"ninguem (?:aqui )?(?:com (?:esse|este) nome|se chama)",
        r"nao (?:conheco|conhecemos) (?:essa pessoa|esta pessoa|ninguem|ele|ela|esse nome)",
        r"nao sou (?:eu|ele|ela|essa pessoa|a pessoa|o paciente|a paciente)",
    ),
    reschedule=any_of(
        r"(?:remarc|reagend)\w+",
        r"adi(?:ar|e|amos|em)",
        rf"(?:outr[oa]|nov[oa]) {_OUTRO}",
        rf"{_OUTRO} diferente",
        rf"(?:mudar|trocar|alterar) (?:de |o |a |minha )?{_OUTRO}",
        r"(?:semana que vem|(?:na |a )?proxima semana)",
    ),
    cancel=any_of(
        r"cancel(?:ar|amento|em|o|e|a)",
        r"desmarc(?:ar|em|o|e|a)",
        r"nao (?:(?:vou|vamos) (?:poder|conseguir)|posso|podemos|poderei|poderemos|consigo|conseguirei)(?: mais)?"
        r" (?:ir|comparecer|estar|vir|chegar a tempo)",
        r"nao (?:irei|iremos|comparecerei|(?:vou|vamos) (?:ir|comparecer|estar))",
    ),
    confirm=any_of(
        r"confirm(?:o|ad[oa]|amos|ar)",
        r"(?<!nao )(?:estarei|estaremos|vou estar|vamos estar) (?:la|ai|presente)",
        r"(?<!nao )(?:irei|iremos|comparecerei)",
        r"podem? contar comigo",
        r"(?<!nao )(?:esta|ta) (?:bem|bom|certo|otimo)",
        r"combinado",
        r"ate (?:la|amanha|segunda|terca|quarta|quinta|sexta)",
    ),
    agreed=only(
        r"sim|claro|com certeza|certo|ok|okay|esta bem|esta bom|ta bom|tudo bem|tudo certo|combinado|perfeito|isso"
        r"|isso mesmo|exato|correto|pode ser|beleza|otimo|obrigad[oa]|por favor|senhora?"
    ),
    yes_first=first("sim|claro|com certeza"),
    refused=only("nao|obrigad[oa]|desculpe|infelizmente|senhora?"),
    hedged=any_of("nao", "mas", "porem", "se", "talvez", "exceto", "depende", "acho", "nunca", "so"),
    denied=denied_by(
        "nao|sem|nunca",
        "quero|queria|queremos|preciso|precisa|vou|vamos|a|o|me|e|necessario|tenho que",
        "cancel|desmarc|anul|remarc|reagend|adi(?:ar|e)|mudar|trocar|alterar|outr[oa] (?:dia|hora)|errado|engano",
    ),
    harmless=any_of("(?:nao tem|nao ha|sem) problemas?", r"nao se preocupem?"),
    again=any_of(
        r"quem (?:e|fala|esta falando|ta falando)",
        r"repet?i(?:r|ta)",
        r"repete",
        r"nao (?:ouvi|entendi|escutei|percebi|estou (?:ouvindo|entendendo))",
        r"um (?:momento|minuto|instante)",
        r"como assim",
    ),
    hello=only("alo|ola|oi|bom dia|boa tarde|boa noite|estou|estou sim|sim alo|oi tudo bem|ola tudo bem|quem|que"),
    greeted=frozenset({"sim", "tudo bem"}),
)
