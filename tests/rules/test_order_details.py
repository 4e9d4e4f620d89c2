"""How an order is paid, when it should arrive, and its shipments, as each plugin notes them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.config.order_news import OrderNews
from agent.config.schema import keys_of
from agent.rules.order_details import (
    LONGEST,
    MOST_SHIPMENTS,
    DetailFields,
    numbers_of,
)

RECORDINGS = Path(__file__).parents[1] / "recordings"


def default(name: str) -> tuple[str, ...]:
    return tuple(keys_of(OrderNews)[name].default)  # type: ignore[arg-type]  # as in the file: a list


USUAL = DetailFields(default("shipment_meta"), default("delivery_meta"))


def read(meta: dict[str, object], fields: DetailFields = USUAL, **order: object) -> dict[str, Any]:
    entries = [{"id": place, "key": key, "value": value} for place, (key, value) in enumerate(meta.items())]  # fmt: skip
    return fields.read({"meta_data": entries, **order})


def shipments(meta: dict[str, object], fields: DetailFields = USUAL) -> list[tuple[str, str, str]]:
    """(carrier, number, url) of each."""
    found = read(meta, fields).get("shipments", [])
    return [(one["carrier"], one["number"], one["url"]) for one in found]


AST = {
    "tracking_provider": "usps",
    "custom_tracking_provider": "",
    "custom_tracking_link": "",
    "tracking_number": "9400111899560000000000",
    "tracking_product_code": "",
    "date_shipped": "1780272000",
    "status_shipped": "1",
    "source": "rest-api",
    "tracking_id": "fb7170d97d0e628bc3b565999d07c6a9",
}
OWN_CARRIER = {
    "tracking_provider": "",
    "custom_tracking_provider": "Bring &amp; Buy",
    "custom_tracking_link": "https://bring.example/t/%1$s?lang=en&amp;x=1",
    "tracking_number": "AB 123/4",
    "date_shipped": 1780272000,
}
LABEL = {
    "label_id": 17,
    "tracking": "1Z999AA10123456784",
    "carrier_id": "ups",
    "service_name": "UPS - Ground",
    "status": "PURCHASED",
}


@pytest.mark.parametrize(
    ("meta", "found"),
    [
        ({"_wc_shipment_tracking_items": [AST]}, [("USPS", "9400111899560000000000", "")]),
        (
            {"_wc_shipment_tracking_items": [AST, OWN_CARRIER]},
            [
                ("USPS", "9400111899560000000000", ""),
                ("Bring & Buy", "AB 123/4", "https://bring.example/t/AB%20123%2F4?lang=en&x=1"),
            ],
        ),
        # a list with a gap, as PHP gives it; one table; the JSON text of either
        ({"_wc_shipment_tracking_items": {"1": AST}}, [("USPS", "9400111899560000000000", "")]),
        ({"_wc_shipment_tracking_items": AST}, [("USPS", "9400111899560000000000", "")]),
        (
            {"_wc_shipment_tracking_items": json.dumps([AST])},
            [("USPS", "9400111899560000000000", "")],
        ),
        (
            {
                "_wc_shipment_tracking_items": [
                    AST | {"formatted_tracking_provider": "United States Postal Service"}
                    | {"ast_tracking_link": "https://usps.example/?n=1"}
                ]
            },
            [("United States Postal Service", AST["tracking_number"], "https://usps.example/?n=1")],
        ),
        (
            {"_aftership_tracking_items": [{"slug": "dhl-germany", "tracking_number": "JJD000390007", "tracking_id": "0cc175b9c0f1b6a831c399e269772661"}]},
            [("DHL Germany", "JJD000390007", "")],
        ),
        (
            {"_aftership_tracking_provider_name": "fedex", "_aftership_tracking_number": "61290"},
            [("FedEx", "61290", "")],
        ),
        (
            {
                "_tracking_provider": "", "_custom_tracking_provider": "DPD",
                "_tracking_number": "01 23 45", "_custom_tracking_link": "http://dpd.example/012345",
            },
            [("DPD", "01 23 45", "http://dpd.example/012345")],
        ),
        (
            {
                "ywot_tracking_code": "RR123", "ywot_carrier_name": "Correos",
                "ywot_carrier_url": "https://correos.example/RR123", "ywot_pick_up_date": "2026-11-30",
            },
            [("Correos", "RR123", "https://correos.example/RR123")],
        ),
        (
            {"_wot_tracking_number": "LP0042", "_wot_tracking_carrier": "china-post"},
            [("China Post", "LP0042", "")],
        ),
        (
            {
                "_wcst_order_trackno": "A1234###B5678", "_wcst_order_trackname": "GLS Italy",
                "_wcst_order_trackurl": "gls-it", "_wcst_order_track_http_url": "https://gls.example/A1234",
                "_wcst_additional_companies": [
                    {"_wcst_order_trackno": "C9012", "_wcst_order_trackname": "BRT", "_wcst_order_trackurl": "NOTRACK"}
                ],
            },
            [
                ("GLS Italy", "A1234", "https://gls.example/A1234"),
                ("GLS Italy", "B5678", "https://gls.example/A1234"),
                ("BRT", "C9012", ""),
            ],
        ),
        (
            {"_correios_tracking_code": "AA123456789BR,AB987654321BR"},
            [("", "AA123456789BR", ""), ("", "AB987654321BR", "")],
        ),
        (
            {"_pr_shipment_dhl_label_tracking": {"label_path": "/x.pdf", "tracking_number": ["003404", "003405"], "tracking_status": ""}},
            [("", "003404", ""), ("", "003405", "")],
        ),
        ({"wcshipping_labels": [LABEL]}, [("UPS", "1Z999AA10123456784", "")]),
        ({"wc_connect_labels": json.dumps([LABEL])}, [("UPS", "1Z999AA10123456784", "")]),
        # labels that were never used
        ({"wcshipping_labels": [LABEL | {"refund": {"status": "pending"}}]}, []),
        ({"wc_connect_labels": [LABEL | {"error": {"message": "no"}}]}, []),
        # PHP makes numbers of what looks like one
        ({"_tracking_number": 123456789}, [("", "123456789", "")]),
        # two plugins tell of one parcel, each a part
        (
            {
                "_wc_shipment_tracking_items": [{"tracking_number": "jd0146"}],
                "ywot_tracking_code": "JD0146", "ywot_carrier_name": "DHL",
                "ywot_carrier_url": "https://dhl.example/JD0146",
            },
            [("DHL", "jd0146", "https://dhl.example/JD0146")],
        ),
    ],
)  # fmt: skip
def test_shipments_are_found_where_the_plugins_note_them(
    meta: dict[str, object], found: list[tuple[str, str, str]]
) -> None:
    assert shipments(meta) == found


@pytest.mark.parametrize(
    "value",
    [
        None, True, False, 12.5, 0, pytest.param(10**6000, id="huge"), "", " ", "n/a", "none yet", "NOTRACK", "12",
        "https://dhl.example/JD0146", "[", "{", "[]", "{}", "[[[[[[[[\"JD0146\"]]]]]]]]", "[" * 100_000,
        [], {}, [None], [[]], [{}], {"tracking_number": None}, {"tracking_number": ""}, {"tracking_number": {}},
        {"tracking_number": [[]]}, {"tracking_id": "0cc175b9c0f1b6a831c399e269772661"}, {"order_number": "12345"},
        "1" * 61, "a word of the shop that begins in 2026 and is far too long to be a tracking number",
        "\ud83d", {1: {2: {3: {4: {5: {"tracking_number": "JD0146"}}}}}},
    ],
)  # fmt: skip
def test_what_is_no_tracking_number_is_no_shipment(value: object) -> None:
    assert shipments({"_wc_shipment_tracking_items": value, "_tracking_number": value}) == []


@pytest.mark.parametrize(
    "link",
    [
        "", "#", "dhl", "javascript:alert(1)//1234", "ftp://dhl.example/", "https://", "https://[::1", "http:///path",
        "https://dhl.example/{postal_code}", "https://dhl.example/%2$s", "https://dhl.example/a b",
        "https://dhl.example/<b>", 'https://dhl.example/"', "https://dhl.example/" + "a" * LONGEST["url"], 7, None,
        ["https://dhl.example"],
    ],
)  # fmt: skip
def test_only_whole_links_to_the_web_are_links(link: object) -> None:
    one = {"tracking_number": "JD0146", "tracking_provider": "dhl", "tracking_url": link}
    assert shipments({"_wc_shipment_tracking_items": [one]}) == [("DHL", "JD0146", "")]


@pytest.mark.parametrize(
    ("link", "filled"),
    [
        ("https://a.example/{tracking_number}", "https://a.example/JD%201%2F46"),
        ("https://a.example/?n={Tracking Code}", "https://a.example/?n=JD%201%2F46"),
        ("https://a.example/?n=%s&z=1", "https://a.example/?n=JD%201%2F46&z=1"),
        (" https://a.example/x%20y ", "https://a.example/x%20y"),
    ],
)
def test_the_number_is_put_where_a_link_has_a_place_for_it(link: str, filled: str) -> None:
    one = {"tracking_number": "JD 1/46", "tracking_url": link}
    assert shipments({"_wc_shipment_tracking_items": [one]}) == [("", "JD 1/46", filled)]


@pytest.mark.parametrize(
    ("said", "carrier"),
    [
        ("dhl", "DHL"),
        ("royal-mail", "Royal Mail"),
        ("postnord_se", "PostNord SE"),
        ("4px", "4PX"),
        ("usps", "USPS"),
        ("hermes", "Hermes"),
        ("Correos Express", "Correos Express"),
        ("<b>Tr&amp;ck</b>\n&lt;script&gt;x", "Tr&ck x"),
        ("other", ""),
        ("Custom", ""),
        ("17", ""),
        (17, ""),
        ([], ""),
    ],
)
def test_a_carrier_is_written_as_people_do(said: object, carrier: str) -> None:
    one = {"tracking_number": "JD0146", "tracking_provider": said}
    assert shipments({"_wc_shipment_tracking_items": [one]}) == [(carrier, "JD0146", "")]


def test_a_shop_can_name_keys_of_its_own_with_stars() -> None:
    fields = DetailFields(("erp_*_parcel", "rastreio_codigo"))
    meta = {
        "erp_north_parcel": "N0001",
        "erp_south_parcel": "S0002",
        "erp_south_parcels": "S0003",
        "erp_south_carrier": "Slow Boat",
        "rastreio_codigo": "R0004",
        "rastreio_url": "https://r.example/R0004",
        "tracking_number": "X0005",
    }
    assert shipments(meta, fields) == [
        ("", "N0001", ""),
        ("Slow Boat", "S0002", ""),
        ("", "R0004", "https://r.example/R0004"),
    ]


def test_a_key_that_says_nothing_but_link_is_not_of_the_shipment() -> None:
    """Beside a plain `_tracking_number` a bare `_url` may be of anything."""
    meta = {"_tracking_number": "JD0146", "_url": "https://landing.example", "slug": "summer"}
    assert shipments(meta) == [("", "JD0146", "")]


def test_a_key_may_stand_there_more_than_once() -> None:
    entries = [{"key": "_tracking_number", "value": number} for number in ("JD0001", "JD0002")]
    assert numbers_of(USUAL.read({"meta_data": entries})) == ["JD0001", "JD0002"]


def test_there_are_never_more_than_some() -> None:
    many = [{"tracking_number": f"JD{number:04}"} for number in range(1000)]
    assert len(shipments({"_wc_shipment_tracking_items": many})) == MOST_SHIPMENTS


@pytest.mark.parametrize(
    ("value", "delivery"),
    [
        ("2026-12-01", "2026-12-01"),
        ("2026/12/01", "2026-12-01"),
        ("20261201", "2026-12-01"),
        (20261201, "2026-12-01"),
        ("2026-12-01 00:00:00", "2026-12-01"),
        ("2026-12-01T09:00:00+01:00", "2026-12-01"),
        ("1796083200", "2026-12-01"),  # midnight
        (1796083200, "2026-12-01"),
        ("1796083200000", "2026-12-01"),
        ("Tuesday, 1 December", "Tuesday, 1 December"),
        ("3/4/2026", "3/4/2026"),
        ("<b>2-4</b> working\ndays", "2-4 working days"),
        ("2026-12-01 - 2026-12-03", "2026-12-01 - 2026-12-03"),
    ],
)
def test_when_an_order_should_arrive_is_a_date_where_it_is_one_for_sure(
    value: object, delivery: str
) -> None:
    assert read({"_delivery_date": value}) == {"delivery": delivery}


@pytest.mark.parametrize(
    "value",
    [
        "", None, True, [], {}, ["2026-12-01"], "-", "0", "3", 7, "0000-00-00", "0000-00-00 00:00:00",
        "2026-13-40", "[]", '{"date": "2026-12-01"}',
    ],
)  # fmt: skip
def test_what_is_no_date_and_no_text_is_not_told(value: object) -> None:
    assert read({"_delivery_date": value, "jckwds_date_ymd": "20261202"}) == {
        "delivery": "2026-12-02"
    }


def test_the_first_key_of_the_config_that_says_something_counts() -> None:
    meta = {"_delivery_date": "2026-12-01", "delivery_date": "soon"}
    assert read(meta, DetailFields((), ("delivery_*", "_delivery_date")))["delivery"] == "soon"
    assert read(meta, DetailFields((), ("_delivery_date", "delivery_*")))["delivery"] == "2026-12-01"  # fmt: skip


def test_how_an_order_is_paid_is_told_without_html() -> None:
    paid: dict[str, Any] = {
        "payment_method": "bacs",
        "payment_method_title": "Transfer &amp; <img src=x>deposit",
    }
    assert read({}, **paid) == {"payment_method": "bacs", "payment_title": "Transfer & deposit"}


def test_an_order_as_woocommerce_gives_it() -> None:
    text = (RECORDINGS / "q12_order.json").read_text(encoding="utf-8")
    [order] = json.loads(text)["body"]
    assert USUAL.read(order) == {"payment_method": "cod", "payment_title": "COD"}


def test_the_fingerprint_tells_one_config_from_another() -> None:
    known = {
        DetailFields(*one).fingerprint
        for one in [((), ()), (("a",), ()), ((), ("a",)), (("a", "b"), ()), (("b", "a"), ())]
    }
    assert len(known) == 5
    assert DetailFields(("a",)).fingerprint == DetailFields(("a",)).fingerprint


texts = st.text(st.characters(exclude_categories=()), max_size=12) | st.sampled_from(
    ["JD0146", "dhl", "https://a.example/%s", "https://[", "2026-12-01", "<b>", "&lt;b&gt;", "[1", "9" * 20]
)  # fmt: skip
names = st.sampled_from(
    ["tracking_number", "tracking", "number", "carrier", "tracking_provider", "url", "tracking_url", "slug"]
) | texts  # fmt: skip
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.integers(2**63), st.floats(), texts),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
keys = st.sampled_from([*USUAL.shipments, *USUAL.delivery, "ywot_carrier_url"])


@given(
    st.lists(st.fixed_dictionaries({"key": keys, "value": values | values.map(json.dumps)})),
    values,
    values,
)
@example([{"key": "_tracking_number", "value": "a\u200b1<\u200bb>23"}], "<\u200bb>", None)
def test_nothing_that_stands_there_raises_and_all_that_is_read_can_be_sent(
    meta: list[object], title: object, other: object
) -> None:
    found = USUAL.read({"meta_data": [*meta, other], "payment_method_title": title})
    json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair would not be stored
    told = [text for one in found.get("shipments", []) for text in one.values()]
    told += [found.get("delivery", ""), found.get("payment_title", "")]
    for text in told:
        assert text == " ".join(text.split())
        assert "<b>" not in text
        assert len(text) <= max(LONGEST.values())
    for one in found.get("shipments", []):
        assert set(one) == {"carrier", "number", "url"}
        assert any(map(str.isdigit, one["number"]))
        assert one["url"] == "" or one["url"].lower().startswith(("http://", "https://"))


@given(values)
def test_an_order_whose_meta_data_makes_no_sense_has_no_details(meta: object) -> None:
    assert USUAL.read({"meta_data": meta, "payment_method": meta}).keys() <= {"payment_method"}
