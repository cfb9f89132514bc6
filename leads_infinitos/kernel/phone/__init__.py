"""The one phone parser of the product: any spelling in, E.164 and WhatsApp ids out.

E.164 always carries the ninth digit and is the identity of a lead; a WhatsApp id may lack it and is only an address to
try. Nothing here guesses a country, a DDD or a lost digit.
"""

from leads_infinitos.kernel.phone.identity import format_national, mask, national_key, same_person
from leads_infinitos.kernel.phone.model import Kind, Phone
from leads_infinitos.kernel.phone.parsing import parse, parse_all
from leads_infinitos.kernel.phone.plan import DDDS

__all__ = ["DDDS", "Kind", "Phone", "format_national", "mask", "national_key", "parse", "parse_all", "same_person"]
