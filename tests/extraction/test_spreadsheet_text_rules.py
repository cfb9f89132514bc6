"""Rules of delimited files that the corpus touches lightly: encodings, delimiters, quotes, headers, columns, rows."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path

import pytest

from extraction.domain.reading import Reading, read_spreadsheet
from extraction.domain.rows import Row

PHONE = "(11) 98765-4321"
Read = Callable[..., Reading]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def write_and_read(content: str | bytes, default_ddd: str | None = None) -> Reading:
        path = tmp_path / "lista.bin"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_spreadsheet(path, default_ddd=default_ddd)

    return write_and_read


def rows(reading: Reading) -> list[Row]:
    assert reading.outcome == "imported", reading.reason
    return list(reading.rows())


def outcomes(reading: Reading) -> list[tuple[str, str | None]]:
    return [(row.outcome.value, row.reason) for row in rows(reading)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xef\xbb\xbf \r\n\x00\x00", "empty_file"),
        (codecs.BOM_UTF16_LE + b" \x00\n\x00", "empty_file"),
        ("\u00a0\n\u3000\n".encode(), "empty_file"),
        (b"nome;telefone\n;\n", "no_data_rows"),
        (b"Status;Telefone\n1;\n1;\n", "no_data_rows"),
        (b"foo;bar\nx;y\n", "no_phone_column"),
        (b"nome;site\nAna;https://wa.me/5511987654321\n", "no_phone_column"),
        (b"%PDF-1.7 ...", "not_a_spreadsheet"),
        (b"\x89PNG\r\n\x1a\n", "not_a_spreadsheet"),
        (b"\x1f\x8b\x08\x00", "not_a_spreadsheet"),
        (b"Rar!\x1a\x07\x00", "not_a_spreadsheet"),
        (b"nome;telefone\n" + b"\x01" * 20, "not_a_spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "not_a_spreadsheet"),
        (b"\xef\xbb\xbf\n <html><table>", "unsupported_format"),
        ("<?xml version='1.0'?><Workbook/>".encode("utf-16"), "unsupported_format"),
        (b"PK\x03\x04 cut", "corrupt_file"),
    ],
)
def test_what_is_no_list_of_leads_is_refused_with_its_reason(read: Read, content: bytes, reason: str) -> None:
    reading = read(content)

    assert (reading.outcome, reading.reason, list(reading.rows())) == ("rejected", reason, [])


def test_a_header_that_starts_with_pk_is_not_a_zip(read: Read) -> None:
    assert outcomes(read(f"PK;telefone\n1;{PHONE}")) == [("created", None)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "mac_roman", "utf-16", "utf-16-le", "utf-16-be"])
def test_names_keep_their_accents_in_every_encoding(read: Read, encoding: str) -> None:
    content = f"Nome;Telefone;Observação\nJoão Conceição;{PHONE};não\n".encode(encoding)

    assert rows(read(content))[0].name == "João Conceição"


def test_nuls_padding_a_utf16_file_do_not_hide_its_encoding(read: Read) -> None:
    content = f"nome;fone\nZé;{PHONE}\n".encode("utf-16-le") + bytes(999)

    assert rows(read(content))[0].name == "Zé"


@pytest.mark.parametrize("delimiter", [";", "\t", ",", "|"])
def test_the_delimiter_with_the_steadiest_rows_wins(read: Read, delimiter: str) -> None:
    lines = [["nome", "telefone", "obs"], ["Ana", "11 98765-4321", "a"], ["Bia", "11 98765-4322", "b"]]

    reading = read("\n".join(delimiter.join(line) for line in lines))

    assert reading.read is not None
    assert reading.read["delimiter"] == delimiter


def test_a_sep_line_names_the_delimiter_and_counts_as_line_one(read: Read) -> None:
    reading = read(f"sep=|\nnome|telefone\nAna, Bia; Cia|{PHONE}\n")

    assert [(row.line, row.name) for row in rows(reading)] == [(3, "Ana, Bia; Cia")]


def test_a_file_saved_twice_is_read_again(read: Read) -> None:
    reading = read(f'"nome,""telefone"""\n"Ana,""{PHONE}"""\n"Bia,11987654322"\n')

    assert [(row.line, row.name, row.phone) for row in rows(reading)] == [
        (2, "Ana", "+5511987654321"),
        (3, "Bia", "+5511987654322"),
    ]


def test_one_column_of_numbers_needs_no_header_and_no_delimiter(read: Read) -> None:
    reading = read("11987654321\n11987654322\n")

    assert outcomes(reading) == [("created", None)] * 2
    assert reading.read is not None
    assert reading.read["header_row"] is None


def test_every_kind_of_line_end_ends_a_row_and_cr_cr_lf_leaves_an_empty_one(read: Read) -> None:
    reading = read("nome,fone\rAna,11987654321\r\nBia,11987654322\nCia,11987654323\r\r\nDea,11987654324")

    assert [(row.line, row.name) for row in rows(reading)] == [
        (2, "Ana"),
        (3, "Bia"),
        (4, "Cia"),
        (5, None),
        (6, "Dea"),
    ]


def test_an_unclosed_quote_is_dropped_and_takes_no_other_row_with_it(read: Read) -> None:
    reading = read('nome,fone\n"Bar ""Zé"" e "Cia",11987654321\n"Aberta,11987654322\nFim,11987654323\n')

    assert [row.name for row in rows(reading)] == ['Bar "Zé" e Cia"', "Aberta", "Fim"]


def test_a_banner_with_a_phone_is_no_header_and_is_not_counted(read: Read) -> None:
    reading = read(f"Loja Tal;Telefone: (19) 3234-8800\n;\nNome;Fone\nAna;{PHONE}\n")

    assert [(row.line, row.name) for row in rows(reading)] == [(4, "Ana")]


def test_an_unknown_header_is_recognised_by_the_numbers_below_it(read: Read) -> None:
    reading = read("Pessoa;Para ligar\nAna;11987654321\nBia;11987654322\n")

    assert [(row.line, row.name, row.phone) for row in rows(reading)] == [
        (2, None, "+5511987654321"),
        (3, None, "+5511987654322"),
    ]


def test_a_contact_column_is_a_phone_only_when_its_cells_are_numbers(read: Read) -> None:
    numbers = rows(read(f"nome;contato\nAna;{PHONE}\n"))
    people = rows(read(f"empresa;contato;fone\n;Ana;{PHONE}\n"))

    assert (numbers[0].name, numbers[0].phone) == ("Ana", "+5511987654321")
    assert people[0].name == "Ana"


def test_a_ddd_column_completes_the_phones_to_its_right_without_being_a_repair(read: Read) -> None:
    reading = read("fone 1;ddd;fone 2\n;(041);98765-4321\n;99;98765-4321\n;20;98765-4321\n98765-0000;41;\n", "11")

    assert [(row.phone, row.repair) for row in rows(reading)] == [
        ("+5541987654321", ()),
        ("+5599987654321", ()),
        ("+5511987654321", ("ddd_from_default",)),
        ("+5511987650000", ("ddd_from_default",)),
    ]


def test_first_and_last_name_are_joined(read: Read) -> None:
    reading = read(
        "nome;sobrenome;fone\nAna;Lima;11987654321\n;Reis;11987654322\nnan;;11987654323\nBia;nan;11987654324\n"
    )

    assert [row.name for row in rows(reading)] == ["Ana Lima", "Reis", None, "Bia"]


def test_further_columns_of_a_single_field_and_nameless_ones_become_variables(read: Read) -> None:
    reading = read(f"fone;cidade;cidade;Obs. geral;Obs: geral;;***\n{PHONE};Itu;Salto;a;b;c;d\n")

    row = rows(reading)[0]
    assert row.city == "Itu"
    assert row.variables == {
        "cidade_2": "Salto",
        "obs_geral": "a",
        "obs_geral_2": "b",
        "coluna_6": "c",
        "coluna_7": "d",
    }


def test_a_company_name_is_a_variable_too_and_the_place_id_is_kept(read: Read) -> None:
    row = rows(read(f"nome;empresa;fone;placeId\nAna;Loja da Ana;{PHONE};ChIJabc\n"))[0]

    assert (row.name, row.place_id) == ("Ana", "ChIJabc")
    assert row.variables == {"empresa": "Loja da Ana", "placeid": "ChIJabc"}


@pytest.mark.parametrize("status", ["1", " 1 ", "1.0", "1,00", "01", "'1"])
def test_rows_whose_status_means_one_are_ready(read: Read, status: str) -> None:
    assert outcomes(read(f"fone;status\n{PHONE};{status}\n")) == [("created", None)]


@pytest.mark.parametrize("status", ["0", "", "sim", "TRUE", "11", "1.5", "-1", "1 - novo", "''1", "I"])
def test_rows_whose_status_means_anything_else_are_not(read: Read, status: str) -> None:
    assert outcomes(read(f"fone;status\n{PHONE};{status}\n")) == [("not_ready", "status_not_1")]


def test_a_number_of_a_row_that_is_not_ready_shadows_nobody(read: Read) -> None:
    reading = read(f"fone;status\n{PHONE};0\n{PHONE};1\n{PHONE};1\n")

    assert [(row.outcome.value, row.duplicate_of) for row in rows(reading)] == [
        ("not_ready", None),
        ("created", None),
        ("duplicate", 3),
    ]


def test_status_alone_does_not_make_a_row_and_trailing_blanks_are_not_in_the_file(read: Read) -> None:
    reading = read(f"fone;status\n;1\n{PHONE};1\n;1\n;\n\n")

    assert outcomes(reading) == [("blank", None), ("created", None)]


@pytest.mark.parametrize(
    ("first_cell", "is_totals"),
    [
        ("Total", True),
        ("TOTAL GERAL: 1.234,56", True),
        ("Total de clientes: 22", True),
        ("Sub-total Campinas", True),
        ("Subtotal", True),
        ("Totais", True),
        ("Total = 12", True),
        ("Total Flex Borracharia", False),
        ("Totalmente Demais", False),
        ("Subtotalizador", False),
    ],
)
def test_totals_rows_are_told_from_names(read: Read, first_cell: str, is_totals: bool) -> None:
    reading = read(f"nome;fone;valor\n{first_cell};;10\nAna;{PHONE};1\n")

    assert outcomes(reading)[0] == ("rejected", "totals_row" if is_totals else "empty")


def test_a_totals_row_with_a_phone_is_a_lead(read: Read) -> None:
    assert outcomes(read(f"nome;fone\nTotal;{PHONE}\n")) == [("created", None)]


def test_a_repeated_header_is_refused_but_a_lone_matching_cell_is_not(read: Read) -> None:
    reading = read(f"nome;fone\nAna;{PHONE}\nNOME;Fone:\nNome;\n")

    assert outcomes(reading)[1:] == [("rejected", "repeated_header"), ("rejected", "empty")]


def test_a_place_closed_for_good_is_refused(read: Read) -> None:
    reading = read("fone;permanentlyClosed\n11987654321;true\n11987654321;Sim\n11987654321;false\n")

    assert outcomes(reading) == [("rejected", "permanently_closed")] * 2 + [("created", None)]


def test_the_first_contactable_number_wins_over_an_earlier_one_that_is_not(read: Read) -> None:
    reading = read(
        "fone;celular;whatsapp;site\n"
        "11987654321;1132345678;;\n"
        "11987654322;;1132345679;\n"
        "1132345670;;+1 415 555 2671;https://wa.me/1132345671\n"
        "1132345672;;+1 415 555 2672;http://x.com.br/11987654321\n"
    )

    assert [(row.phone, row.contactable) for row in rows(reading)] == [
        ("+5511987654321", True),
        ("+551132345679", True),
        ("+551132345671", True),
        ("+14155552672", False),
    ]


def test_the_reason_comes_from_the_first_cell_that_has_one(read: Read) -> None:
    reading = read("nome;fone;celular;whatsapp\nA;4004-1234;0800 123 4567;nao tem\nB;;;nao tem\nC;;;#N/D\n")

    assert [row.reason for row in rows(reading)] == ["non_geographic", "no_digits", "empty"]


def test_rejected_rows_keep_their_cells_for_giving_them_back(read: Read) -> None:
    assert rows(read("nome;fone\n Ana ;190\n"))[0].cells == (" Ana ", "190")


def test_the_rows_can_be_walked_twice(read: Read) -> None:
    reading = read(f"nome;fone\nAna;{PHONE}\nBia;{PHONE}\n")

    assert list(reading.rows()) == list(reading.rows())
