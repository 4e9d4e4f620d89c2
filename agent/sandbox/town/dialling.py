"""How nine countries number and write their mobiles, and which of the numbers belong to nobody.

Ranges reserved for fiction are used where a country has one that the library `phonenumbers` accepts
as a mobile: US 555-01XX, Germany 0176 040690XX and 0171 39200XX; for landlines London's
020 7946 0XXX and Berlin's 030 231250XX. The British range 07700 900XXX is refused by that library,
and the other countries reserve none, so there the subscriber's digits are obviously made up:
90000-1234, 600 00 1234.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Country:
    """How one country numbers its mobiles and writes them down. `#` stands for a digit."""

    code: str  # the country code, without +
    mobiles: tuple[str, ...]  # how a made-up mobile begins after the country code
    free: int  # the digits left to tell our people apart
    written: str  # at home
    grouped: str  # after + and the country code
    landline: str = ""  # how a made-up landline begins; "" where one cannot be told from a mobile
    landline_free: int = 4
    trunk: str = ""  # what is dialled before a number at home, and dropped from abroad
    code_alone: bool = True  # readable without its +? In Germany 49... is also a landline's start
    words: tuple[str, ...] = ("none", "-", "x", "n/a")

    @property
    def capacity(self) -> int:
        """How many people can get a mobile of their own."""
        return int(len(self.mobiles) * 10**self.free)


_BRAZIL = (
    "11 12 13 14 15 16 17 18 19 21 22 24 27 28 31 32 33 34 35 37 38 41 42 43 44 45 46 47 48 49 51 "
    "53 54 55 61 62 63 64 65 66 67 68 69 71 73 74 75 77 79 81 82 83 84 85 86 87 88 89 91 92 93 94 "
    "95 96 97 98 99"
)
_AMERICA = (
    "201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 "
    "239 240 248 251 252 253 254 256 260 262 267 269 270 276 281 301 302 303 304 305 307 308 309 "
    "310 312 313 314 315 316 317 318 319 320 321 323"
)
BRAZILIAN_AREAS = tuple(_BRAZIL.split())

COUNTRIES = {
    "BR": Country(
        "55",
        tuple(f"{area}9000" for area in BRAZILIAN_AREAS),
        5,
        "(##) #####-####",
        "## #####-####",
        landline="113000",
        trunk="0",
        words=("não tenho", "nao tem", "-", "whatsapp é o mesmo", "sem telefone"),
    ),
    "PT": Country(
        "351",
        ("91000", "93000", "96000"),
        4,
        "### ### ###",
        "### ### ###",
        landline="21000",
        words=("não tenho", "-"),
    ),
    "ES": Country(
        "34",
        ("60000", "61100", "62200"),
        4,
        "### ## ## ##",
        "### ### ###",
        landline="91000",
        words=("no tengo", "-"),
    ),
    "MX": Country(
        "52",
        ("555000", "335000", "815000"),
        4,
        "## #### ####",
        "## #### ####",
        words=("no tengo", "ninguno"),
    ),
    "AR": Country(
        "54",
        ("9115000", "9115001", "9115002"),
        4,
        "## ##-####-####",
        "# ## ####-####",
        landline="114000",
        trunk="0",
        words=("no tengo", "sin teléfono"),
    ),
    "US": Country(
        "1",
        tuple(f"{area}55501" for area in _AMERICA.split()),
        2,
        "(###) ###-####",
        "###-###-####",
    ),
    "GB": Country(
        "44",
        ("740000", "740011"),
        4,
        "##### ######",
        "#### ######",
        landline="2079460",
        landline_free=3,
        trunk="0",
    ),
    "DE": Country(
        "49",
        ("176040690", "17139200"),
        2,
        "####/#######",
        "### #######",
        landline="30231250",
        landline_free=2,
        trunk="0",
        code_alone=False,
        words=("keine", "-"),
    ),
    "IN": Country(
        "91",
        ("900000", "800000"),
        4,
        "##### #####",
        "##### #####",
        landline="222000",
        trunk="0",
        words=("nil", "NA"),
    ),
}
