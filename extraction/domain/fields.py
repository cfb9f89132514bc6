"""The headers that Brazilian lists use, and the field of a lead that each one names.

Keys are what `cells.header_key` makes of a header. The order of PHONE_FIELDS is the order in which a lead's phone is looked
for; the order of the name classes is the order in which its name is.
"""

from __future__ import annotations

from enum import StrEnum


class Field(StrEnum):
    """What a column says about a lead."""

    WHATSAPP_LINK = "whatsapp_link"
    WEBSITE = "website"  # a phone only when it is a WhatsApp link
    WHATSAPP = "whatsapp"
    MOBILE = "celular"
    PHONE = "telefone"
    CONTACT = "contato"  # a phone column only when its cells are numbers
    NAME = "nome"
    SURNAME = "sobrenome"
    CITY = "cidade"
    STATE = "uf"
    EMAIL = "email"
    DDD = "ddd"
    STATUS = "status"
    CLOSED = "permanently_closed"
    VARIABLE = "variable"


PHONE_FIELDS = (Field.WHATSAPP_LINK, Field.WEBSITE, Field.WHATSAPP, Field.MOBILE, Field.PHONE, Field.CONTACT)
NAMED_PHONE_FIELDS = frozenset({Field.WHATSAPP_LINK, Field.WHATSAPP, Field.MOBILE, Field.PHONE})
SINGLE_FIELDS = frozenset({Field.CITY, Field.STATE, Field.EMAIL, Field.STATUS, Field.CLOSED, Field.SURNAME})
FIRST_PHONE_KEY = "phoneunformatted"  # Google Maps exports: the E.164 beside the printed number
PLACE_ID_KEY = "placeid"
CONTACT_NAME_KEYS = frozenset({"contato", "contatos", "contact"})  # a person when they are not phones

_KEYS: dict[Field, str] = {
    Field.WHATSAPP_LINK: "whatsapplink linkwhatsapp linkdowhatsapp linkdewhatsapp linkparawhatsapp linkwa walink wame "
    "urlwhatsapp whatsappurl",
    Field.WEBSITE: "website site homepage",
    Field.WHATSAPP: "whatsapp whatsapps whats wpp zap wa nowhatsapp nwhatsapp numerowhatsapp numerodowhatsapp "
    "whatsappnumber telefonewhatsapp fonewhatsapp celularwhatsapp jid",
    Field.MOBILE: "celular celulares cel movel telefonecelular telcelular fonecelular telefonemovel numerocelular "
    "numerodocelular mobile mobilephone cellphone",
    Field.PHONE: "phoneunformatted telefone telefones tel fone fones fixo phone phones phonenumber telefoneprincipal "
    "telefonecomercial telefoneresidencial telefonefixo telefonecontato telefonedecontato telefonecompleto "
    "telefonecomddd numerodetelefone numerotelefone fonecomercial foneresidencial telcomercial telresidencial telfixo "
    "phonevalue dddtelefone",
    Field.CONTACT: "contato contatos contact numero numeros number",
    Field.SURNAME: "sobrenome lastname ultimonome",
    Field.CITY: "cidade municipio city localidade",
    Field.STATE: "uf estado state",
    Field.EMAIL: "email emails mail correioeletronico emailvalue",
    Field.DDD: "ddd codigodearea codarea areacode",
    Field.STATUS: "status",
    Field.CLOSED: "permanentlyclosed",
}
_NAME_KEYS = (
    "nome nomecompleto nomecliente nomedocliente cliente nomecontato nomedocontato nomelead nomedolead lead name fullname "
    "firstname primeironome",
    "title titulo nomefantasia fantasia",
    "razaosocial",
    "empresa nomeempresa nomedaempresa estabelecimento nomedoestabelecimento loja company companyname businessname",
    "responsavel",
)

FIELD_OF_KEY: dict[str, Field] = {key: field for field, keys in _KEYS.items() for key in keys.split()}
NAME_CLASS_OF_KEY: dict[str, int] = {
    key: name_class for name_class, keys in enumerate(_NAME_KEYS, start=1) for key in keys.split()
}
FIELD_OF_KEY |= dict.fromkeys(NAME_CLASS_OF_KEY, Field.NAME)
PERSON_CLASS, TRADE_CLASS, LEGAL_CLASS, COMPANY_CLASS, CONTACT_CLASS = range(1, 6)
