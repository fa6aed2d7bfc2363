"""What becomes of an element of a source, by the kind of record that it is. Pure."""

from domain import judge as releases
from domain.files import judge_document
from domain.instants import Order
from domain.record import Judgement, Kind, Place
from domain.reference import judge_reference


def judge(raw: bytes, place: Place, kind: Kind = Kind.RELEASES, order: Order | None = None) -> list[Judgement]:
    """Accept, repair or refuse the element; `order` is that of the dates of its file, where it was looked for."""
    if kind is Kind.RELEASES:
        return releases.judge(raw, place, order)
    return judge_document(raw, place) if kind is Kind.DOCUMENTS else judge_reference(raw, place, kind)
