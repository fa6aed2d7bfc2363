"""Published amounts that are not converted to the base currency, with the reason. Pure.

Placeholders say that a value is unknown, or of no upper limit; a code that ISO 4217 never had names no currency.
"""

import polars as pl

PLACEHOLDER, UNKNOWN_CURRENCY = "placeholder_amount", "currency_unknown"  # codes of notes
MIN_IMPLAUSIBLE_AMOUNT = 1e15
# 9, 99, 999 …, and 999999.99, 9999999.99 …
ALL_NINES = [float("9" * digits) for digits in range(1, 16)] + [float("9" * digits + ".99") for digits in range(6, 14)]
MIN_PAYMENT_NINES = 999_999  # smallest number of nines that is no ordinary payment
# ISO 4217: current, historic (list three) and fund codes, without XTS (testing) and XXX (no currency).
CODES = """
ADP AED AFA AFN ALK ALL AMD ANG AOA AOK AON AOR ARA ARL ARM ARP ARS ATS AUD AWG AYM AZM AZN BAD BAM BAN BBD BDT BEC
BEF BEL BGL BGM BGN BGO BHD BIF BMD BND BOB BOL BOP BOV BRB BRC BRE BRL BRN BRR BRZ BSD BTN BUK BWP BYB BYN BYR BZD
CAD CDF CHE CHF CHW CLE CLF CLP CNY COP COU CRC CSD CSK CUC CUP CVE CYP CZK DDM DEM DJF DKK DOP DZD ECS ECV EEK EGP
ERN ESA ESB ESP ETB EUR FIM FJD FKP FRF GBP GEK GEL GHC GHS GIP GMD GNE GNF GNS GQE GRD GTQ GWE GWP GYD HKD HNL HRD
HRK HTG HUF IDR IEP ILP ILR ILS INR IQD IRR ISJ ISK ITL JMD JOD JPY KES KGS KHR KMF KPW KRH KRO KRW KWD KYD KZT LAJ
LAK LBP LKR LRD LSL LSM LTL LTT LUC LUF LUL LVL LVR LYD MAD MAF MCF MDC MDL MGA MGF MKD MKN MLF MMK MNT MOP MRO MRU
MTL MTP MUR MVP MVQ MVR MWK MXN MXP MXV MYR MZE MZM MZN NAD NGN NIC NIO NLG NOK NPR NZD OMR PAB PEH PEI PEN PES PGK
PHP PKR PLN PLZ PTE PYG QAR RHD ROK ROL RON RSD RUB RUR RWF SAR SBD SCR SDD SDG SDP SEK SGD SHP SIT SKK SLE SLL SOS
SRD SRG SSP STD STN SUR SVC SYP SZL THB TJR TJS TMM TMT TND TOP TPE TRL TRY TTD TWD TZS UAH UAK UGS UGW UGX USD USN
USS UYI UYN UYP UYU UYW UZS VEB VED VEF VES VNC VND VNN VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XEU XFO XFU
XOF XPD XPF XPT XRE XSU XUA YDD YER YUD YUF YUM YUN YUR ZAL ZAR ZMK ZMW ZRN ZRZ ZWC ZWD ZWG ZWL ZWN ZWR
"""
CURRENCIES = frozenset(CODES.split())


def is_placeholder(amount: float, *, payment: bool = False) -> bool:
    """Whether the amount stands for none: at most 1, all nines, or implausibly large.

    Payments may be small, and negative where they are paid back.
    """
    nines = float(amount) in ALL_NINES and (not payment or amount >= MIN_PAYMENT_NINES)
    return nines or abs(amount) >= MIN_IMPLAUSIBLE_AMOUNT or (amount == 0 if payment else amount <= 1)


def placeholders(amount: pl.Expr, *, payment: bool = False) -> pl.Expr:
    """`is_placeholder` of a column."""
    nines = amount.is_in(ALL_NINES) & (amount >= MIN_PAYMENT_NINES if payment else pl.lit(value=True))
    return nines | (amount.abs() >= MIN_IMPLAUSIBLE_AMOUNT) | (amount == 0 if payment else amount <= 1)


def amount_notes(amount: pl.Expr | None, currency: str, *, payment: bool = False) -> pl.Expr:
    """The code of the note that keeps the amounts out of conversion and sums, or null. `amount` may be None if any is
    plausible."""
    unknown = pl.col(currency).is_not_null() & ~pl.col(currency).is_in(sorted(CURRENCIES))
    doubted = pl.lit(value=False) if amount is None else placeholders(amount, payment=payment)
    return pl.when(unknown).then(pl.lit(UNKNOWN_CURRENCY)).when(doubted).then(pl.lit(PLACEHOLDER)).alias("amount_note")
