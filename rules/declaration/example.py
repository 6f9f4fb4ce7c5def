"""The body of one declaration, for the examples of rules and for tests."""

FACILITY = "STORE-9|Dock Battery|S|Lithium|49.9|49.9|20260401|2|1 Quay|||EH1 1AA"
OPERATOR = "Dock Storage Ltd|SC123456|Olga Ord||ops@dock.example"
DIRECTOR = "Dora Dean|T|20261101"
LICENCE = "S|EX-1"
IMPORT = "1200000000606|I|ACME|2__CACME000|_C|C|HHD1|20261201|"
EXPORT = "1200000000703|E|ACME|2__CACME000|_C|E|HHD1|20261201|"


def declaration(
    dec: str = "New||SET-9|20261201||Ann Archer",
    *,
    fac: str = FACILITY,
    opr: str = OPERATOR,
    director: str = DIRECTOR,
    lic: tuple[str, ...] = (LICENCE,),
    msi: tuple[str, ...] = (IMPORT, EXPORT),
) -> str:
    """A declaration of ACME's that breaks nothing, with other records where they are given, on lines 2 to 8.

    Line 2 is DEC, 3 FAC, 4 OPR, 5 DIR, 6 LIC, 7 and 8 are MSI.
    """
    rows = [f"DEC|{dec}|", f"FAC|{fac}|", f"OPR|{opr}|", f"DIR|{director}|"]
    return "\n".join([*rows, *(f"LIC|{row}|" for row in lic), *(f"MSI|{row}|" for row in msi)])
