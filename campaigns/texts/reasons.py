"""Why a message did not leave, a lead was left out, a number rests or a campaign waits: short words and one plain sentence."""

from __future__ import annotations

from collections.abc import Mapping

# Short, for chips, filters and the waterfall.
WORDS: dict[str, str] = {
    "suppressed_opt_out": "pediu para sair",
    "suppressed_erased": "excluído a pedido (LGPD)",
    "suppressed_invalid": "número inválido",
    "suppressed_complaint": "reclamou",
    "suppressed_manual": "bloqueado por você",
    "not_on_staging_list": "fora da lista de testes",
    "blank_placeholder": "campo obrigatório vazio",
    "leftover_brace": "chave sobrando no texto",
    "empty_text": "texto vazio",
    "replied_before": "respondeu antes",
    "contacted_recently": "contatado há pouco",
    "duplicate_in_campaign": "repetido na campanha",
    "not_contactable": "sem WhatsApp conhecido",
    "landline": "telefone fixo",
    "no_phone": "sem telefone",
    "empty": "sem telefone",
    "not_ready": "não liberado na planilha",
    "permanently_closed": "empresa fechada",
    "missing_ddd": "sem DDD",
    "campaign_cancelled": "campanha cancelada",
    "not_on_whatsapp": "sem WhatsApp",
    "media_unreachable": "anexo inacessível",
    "bad_request": "mensagem recusada",
    "timeout": "sem resposta a tempo",
    "connection_lost": "conexão caiu no envio",
    "unexpected_answer": "resposta não reconhecida",
    "doubtful_text": "resposta duvidosa",
    "no_id": "resposta sem confirmação",
    "lease_lost": "envio interrompido",
    "undelivered": "não entregue",
    "wire_error": "erro no envio",
    "not_connected": "provedor fora do ar",
    "not_started": "não começou a tempo",
    "check_failed": "número não conferido",
    "check_timeout": "número não conferido",
    "check_connection_lost": "número não conferido",
    "check_not_connected": "provedor fora do ar",
}

# A full sentence each: what happened, and what to do. Names in braces come from the values a gate compared.
REASONS: dict[str, str] = {
    # The installation: nothing of anybody leaves
    "database_behind": "O banco de dados voltou de uma cópia de segurança. Nossa equipe confere o que já foi enviado.",
    "database_copied": "O banco de dados mudou de lugar. Nossa equipe confere antes de voltar a enviar.",
    "witness_missing": "O registro externo dos envios sumiu. Nossa equipe confere antes de voltar a enviar.",
    "witness_unreachable": "O registro externo dos envios não responde. Os envios voltam sozinhos quando ele responder.",
    # The account
    "account_halted": "Os envios desta conta foram parados pela nossa equipe. Fale com a gente para entender o motivo.",
    "licence_lapsed": "A licença não está ativa. Assim que for renovada, a campanha continua sozinha.",
    "account_daily_limit": "Pausada pelo plano: limite de {limit} hoje",
    # The number
    "lane_daily_limit": "Limite do número atingido: {limit} hoje",
    "disconnected": "O número está desconectado. Leia o QR code de novo em Conexões.",
    "connection_removed": "O número desta campanha foi removido. Conecte-o de novo em Conexões.",
    "resting": "O número está descansando: {why}",
    "lane_in_flight": "Uma mensagem deste número está saindo agora. A próxima espera a resposta e o intervalo.",
    "pace": "O número espera o intervalo entre mensagens.",
    # The campaign
    "outside_window": "Fora do horário de envio",
    "holiday": "Hoje é feriado nacional ({holiday})",
    "campaign_daily_limit": "Limite diário da campanha atingido: {limit} hoje",
    "preparing": "Estamos preparando as mensagens. Leva alguns instantes.",
    "by_user": "Nada sai até você retomar.",
    "by_operator": "Nossa equipe pausou esta campanha. Fale com a gente antes de retomar.",
    "restored": "O sistema voltou de uma cópia de segurança. Antes de retomar, saiba que mensagens na fila podem já ter saído.",
    "late_start": "O sistema estava fora do ar na hora marcada, e por isso ela não começou sozinha. Confirme para começar.",
    "campaign_draft": "A campanha ainda é um rascunho. Inicie para enviar.",
    "campaign_scheduled": "A campanha espera a hora marcada.",
    "campaign_finished": "A campanha já terminou.",
    "no_connection": "Nenhum número foi escolhido. Edite a campanha e escolha um.",
    # Faults of ours that the watchdog found
    "no_sender": "O envio está atrasado por um problema nosso. Já fomos avisados; você não precisa fazer nada.",
    "lane_asleep": "O número não estava sendo atendido por uma falha nossa. Já o acordamos.",
    "lease_stuck": "Um envio ficou sem resposta por uma falha nossa. Já o encerramos; confira as incertas.",
    "nothing_queued": "A contagem da fila estava errada por uma falha nossa. Já a corrigimos.",
    "turn": "É a vez de outra campanha neste número.",
    # Rests of a number
    "auth": "O token ou a chave da instância não é aceito. Confira os dados no painel da Mega API.",
    "instance_missing": "A instância não existe mais no provedor. Crie outra na Mega API e conecte de novo.",
    "rate_limited": "o provedor pediu uma pausa",
    "gateway_unwell": "o provedor respondeu de forma incerta duas vezes seguidas",
    "unreachable": "Não conseguimos falar com o provedor. Tentamos de novo a cada minuto.",
    "phone_taken": "Este WhatsApp já está conectado em outro lugar. Use outro número ou remova-o de lá.",
    # Messages that a gate left out
    "suppressed_opt_out": "A pessoa pediu para não receber mensagens. Ela não será mais contatada.",
    "suppressed_erased": "Os dados desta pessoa foram excluídos a pedido dela (LGPD). Ela não será mais contatada.",
    "suppressed_invalid": "O número foi marcado como inválido. Corrija o telefone na lista para tentar de novo.",
    "suppressed_complaint": "A pessoa reclamou de uma mensagem. Ela não será mais contatada.",
    "suppressed_manual": "Você bloqueou este número. Para enviar, tire-o da lista “não enviar”.",
    "not_on_staging_list": "Este ambiente só envia para números de teste.",
    "blank_placeholder": "Um campo do texto está vazio para este lead. Complete a planilha ou dê um texto padrão ao campo.",
    "leftover_brace": "O texto ficou com uma chave sobrando. Corrija a variação em uma nova campanha.",
    "empty_text": "O texto ficou vazio para este lead. Corrija a variação em uma nova campanha.",
    "replied_before": "A pessoa já respondeu a esta campanha. Continue a conversa no WhatsApp.",
    "contacted_recently": "Esta pessoa recebeu uma mensagem sua há pouco. O intervalo mínimo fica em Conta.",
    "phone_in_flight": "Outra mensagem para esta pessoa está saindo agora. Tentamos de novo em segundos.",
    "campaign_cancelled": "A campanha foi cancelada antes deste envio.",
    # Messages that were refused for good
    "not_on_whatsapp": "Este número não tem WhatsApp. Confira o telefone na lista.",
    "media_unreachable": "O WhatsApp não conseguiu abrir o anexo. Confira o endereço do arquivo.",
    "bad_request": "O provedor recusou a mensagem. Revise o texto da variação.",
    "not_connected": "O provedor estava fora do ar nas três tentativas. Quando a campanha terminar, use “Tentar de novo”.",
    "not_started": "O envio não começou a tempo nas três tentativas. Quando a campanha terminar, use “Tentar de novo”.",
    "check_failed": "O provedor não conseguiu conferir este número nas três tentativas.",
    "check_timeout": "O provedor demorou demais para conferir este número nas três tentativas.",
    "check_connection_lost": "A conexão caiu ao conferir este número nas três tentativas.",
    "check_not_connected": "O provedor estava fora do ar ao conferir o número. Quando a campanha terminar, use “Tentar de novo”.",
    # Messages of which nobody knows whether they left
    "timeout": "O provedor não respondeu a tempo. A mensagem pode ter chegado: confira no celular antes de reenviar.",
    "connection_lost": "A conexão caiu durante o envio. A mensagem pode ter chegado: confira no celular antes de reenviar.",
    "unexpected_answer": "O provedor deu uma resposta que não conhecemos. Confira no celular se a mensagem chegou.",
    "doubtful_text": "O provedor avisou de uma falha que não diz se a mensagem saiu. Confira no celular se ela chegou.",
    "no_id": "O provedor aceitou sem dar o comprovante. Confira no celular se a mensagem chegou.",
    "lease_lost": "O envio foi interrompido no meio. Confira no celular se a mensagem chegou.",
    "wire_error": "Houve um erro nosso durante o envio. Confira no celular se a mensagem chegou.",
    # Messages that left and did not arrive
    "undelivered": "O WhatsApp avisou que a mensagem não foi entregue. Ela conta como enviada; confira o número no celular.",
    # Leads left out
    "duplicate_in_campaign": "O mesmo telefone já está nesta campanha. Cada pessoa recebe uma vez só.",
    "not_contactable": "Não sabemos se este telefone tem WhatsApp. Inclua uma coluna de WhatsApp na planilha.",
    "landline": "É telefone fixo sem sinal de WhatsApp. Inclua o link do WhatsApp na planilha se houver.",
    "no_phone": "O lead não tem telefone. Complete a lista.",
    "empty": "O lead não tem telefone. Complete a lista.",
    "not_ready": "A coluna status da planilha diz que este lead não está pronto. Mude para 1 e importe de novo.",
    "permanently_closed": "O Google Maps diz que esta empresa fechou.",
    "missing_ddd": "O telefone está sem DDD. Importe de novo escolhendo um DDD padrão.",
}

_OTHER = "Não foi possível enviar. Fale com a gente e informe o código {code}."


def word(code: str) -> str:
    """The reason in two or three words, lower case; the code itself when it is a new one."""
    return WORDS.get(code, code.replace("_", " "))


def reason(code: str, compared: Mapping[str, object] | None = None) -> str:
    """The sentence of a reason; without a final stop where the page adds a time ("; continua amanhã às 08:00").

    Empty for an empty code. A code without a sentence names itself, so that nobody is left without an explanation.
    """
    if not code:
        return ""
    values = dict(compared or {})
    if "why" in values:
        why = str(values["why"])
        values["why"] = REASONS.get(why, word(why)).rstrip(".")
    sentence = REASONS.get(code)
    if sentence is None:
        return _OTHER.format(code=code)
    return sentence.format_map(_Values(values))


class _Values(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return ""
