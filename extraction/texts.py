"""Portuguese for what the leads app says: why a row or a file was refused, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leads_infinitos.kernel.errors import DomainError

if TYPE_CHECKING:
    from extraction.models import LeadImport

TEXTS: dict[str, str] = {
    "list_name_missing": "Dê um nome à lista.",
    "list_name_taken": "Você já tem uma lista chamada “{name}”. Escolha outro nome.",
    "list_in_use": "Esta lista ainda está em uso por: {names}. Conclua ou cancele antes de excluir a lista.",
    "upload_too_large": "O arquivo passa de {limit_mb} MB. Divida a planilha em partes menores e envie uma de cada vez.",
    "unknown_ddd": "{ddd} não é um DDD do Brasil. Use os dois dígitos do DDD, como 11 ou 48.",
    "import_not_finished": "Só dá para desfazer uma importação concluída, e uma vez só.",
    "import_not_failed": "Esta importação não está parada: não há o que tentar de novo.",
}

# Why a row became no lead, in a few words. The key is the code stored with the row.
ROW_REASONS: dict[str, str] = {
    "already_in_list": "Este número já estava na lista",
    "bad_ddd": "O DDD não existe",
    "bad_length": "O número tem dígitos demais ou de menos",
    "bad_local": "O número não é válido no Brasil",
    "duplicate": "Número repetido na planilha",
    "empty": "Sem telefone",
    "foreign": "Número de fora do Brasil",
    "group": "É um link de grupo do WhatsApp",
    "landline": "Telefone fixo sem sinal de WhatsApp",
    "lid": "É um código interno do WhatsApp, sem número",
    "missing_ddd": "Falta o DDD",
    "no_digits": "A célula do telefone não tem número",
    "no_phone_in_link": "O link não traz um número",
    "non_geographic": "É um 0800 ou parecido: não recebe WhatsApp",
    "not_a_phone": "Não é um telefone",
    "permanently_closed": "Fechado definitivamente no Google Maps",
    "placeholder": "Número de mentira, como 99999-9999",
    "precision_lost": "O Excel cortou os últimos dígitos",
    "repeated_header": "É o cabeçalho repetido",
    "shared_cost": "É um 4004 ou parecido: não recebe WhatsApp",
    "short_link": "É um link curto, que esconde o número",
    "status_not_1": "A coluna “status” não está em 1",
    "too_short": "O número está incompleto",
    "totals_row": "É uma linha de total",
}

# What the owner of the sheet can do about it; reasons that need nothing are left out.
ROW_ADVICE: dict[str, str] = {
    "bad_ddd": "Confira os dois primeiros dígitos.",
    "bad_length": "Confira o número completo, com DDD.",
    "bad_local": "Confira o número: celular tem 9 dígitos e começa com 9.",
    "empty": "Preencha o telefone e envie só estas linhas de novo.",
    "group": "Use o número da pessoa, não o do grupo.",
    "lid": "Peça o número à pessoa.",
    "missing_ddd": "Envie de novo escolhendo um DDD padrão, ou escreva o DDD na célula.",
    "no_digits": "Escreva o número na coluna do telefone.",
    "no_phone_in_link": "Troque pelo número ou por um link wa.me com o número.",
    "not_a_phone": "Escreva o número na coluna do telefone.",
    "placeholder": "Troque pelo número verdadeiro.",
    "precision_lost": "No Excel, formate a coluna como Texto, digite o número completo e envie de novo.",
    "short_link": "Abra o link, copie o número e coloque-o na planilha.",
    "status_not_1": "Coloque 1 na coluna “status” das linhas que estão prontas.",
    "too_short": "Complete o número, com DDD.",
}

FILE_REASONS: dict[str, str] = {
    "corrupt_file": "O arquivo está danificado ou chegou pela metade. Abra-o no Excel, salve de novo e envie a cópia nova.",
    "empty_file": "O arquivo está vazio. Confira se escolheu o arquivo certo.",
    "interrupted": "A importação parou no meio, por um problema nosso. Nada se perdeu: tente de novo e ela continua.",
    "legacy_xls": "Este é um Excel antigo (.xls, de 1997 a 2003). Abra-o e use Salvar como › Pasta de Trabalho (.xlsx).",
    "no_data_rows": "A planilha só tem o cabeçalho, sem nenhuma linha abaixo dele.",
    "no_phone_column": "Não achamos a coluna de telefone. Chame a coluna dos números de “telefone” e envie de novo.",
    "not_a_spreadsheet": "Isto não é uma planilha. Envie um arquivo CSV ou Excel (.xlsx).",
    "password_protected": "A planilha tem senha. No Excel, tire a senha em Arquivo › Informações e envie de novo.",
    "too_many_rows": "A planilha tem mais linhas do que um Excel comporta. Divida-a em partes e envie uma de cada vez.",
    "unsafe_xml": "Por segurança não abrimos este arquivo: ele busca conteúdo fora da planilha. Salve uma cópia nova no Excel.",
    "unsupported_format": "Ainda não lemos este formato. No programa da planilha, use Salvar como CSV ou Excel (.xlsx).",
    "zip_bomb": "A planilha fica grande demais ao abrir (mais de 100 MB). Envie só a aba e as colunas de que você precisa.",
}

KINDS: dict[str, str] = {
    "mobile": "Celular",
    "landline": "Fixo",
    "service": "Serviço (0800, 4004)",
    "foreign": "Exterior",
    "unresolved": "Sem número claro",
    "invalid": "Inválido",
}

REPAIRS: dict[str, str] = {
    "scientific_notation": "número que o Excel tinha abreviado",
    "ddd_from_default": "DDD padrão acrescentado",
    "ddd_inherited": "DDD do número ao lado na mesma célula",
    "ninth_digit_added": "nono dígito acrescentado",
}

FIELDS: dict[str, str] = {
    "whatsapp_link": "Link do WhatsApp",
    "website": "Site (só vale se for link do WhatsApp)",
    "whatsapp": "WhatsApp",
    "celular": "Celular",
    "telefone": "Telefone",
    "contato": "Telefone de contato",
    "nome": "Nome",
    "sobrenome": "Sobrenome",
    "cidade": "Cidade",
    "uf": "UF",
    "email": "E-mail",
    "ddd": "DDD",
    "status": "Pronto para usar (1)",
    "permanently_closed": "Fechado definitivamente",
}

SHEETS_IGNORED: dict[str, str] = {
    "hidden": "está oculta",
    "very hidden": "está oculta",
    "chart sheet": "é um gráfico",
    "blank": "está vazia",
    "no data rows": "só tem o cabeçalho",
    "no phone column": "não tem coluna de telefone",
    "a sheet before it was used": "lemos só a primeira aba com telefones",
}

FORMATS: dict[str, str] = {"csv": "CSV", "xlsx": "Excel (.xlsx)"}
DELIMITERS: dict[str, str] = {";": "ponto e vírgula", ",": "vírgula", "\t": "tabulação", "|": "barra vertical"}


def of(error: DomainError) -> str:
    """The sentence for an error of this app."""
    return TEXTS[error.code].format(**error.params)


def row_sentence(code: str) -> str:
    """Why a row became no lead and what to do: "Falta o DDD. Envie de novo escolhendo…"."""
    reason = ROW_REASONS.get(code, code)
    return f"{reason}. {ROW_ADVICE[code]}" if code in ROW_ADVICE else f"{reason}."


def equation(lead_import: LeadImport) -> str:
    """ "44 linhas = 22 criadas + 3 repetidas + 16 rejeitadas + 3 em branco + 0 não prontas"."""
    rows = lead_import.rows_in_file
    parts = (
        (lead_import.created_count, "criada", "criadas"),
        (lead_import.duplicate_count, "repetida", "repetidas"),
        (lead_import.rejected_count, "rejeitada", "rejeitadas"),
        (lead_import.blank_count, "em branco", "em branco"),
        (lead_import.not_ready_count, "não pronta", "não prontas"),
    )
    words = " + ".join(f"{_number(count)} {one if count == 1 else many}" for count, one, many in parts)
    return f"{_number(rows)} {'linha' if rows == 1 else 'linhas'} = {words}"


def undo_question(lead_import: LeadImport) -> str:
    """What undoing the import would do, in numbers."""
    count = lead_import.created_count
    leads = "1 lead que ela criou" if count == 1 else f"{_number(count)} leads que ela criou"
    return (
        f"Sai da lista até {leads}. Quem alguma campanha já usou continua na lista, e as mensagens enviadas"
        " continuam nas campanhas. Depois, dá para importar a planilha de novo."
    )


def _number(value: int) -> str:
    return f"{value:,}".replace(",", ".")
