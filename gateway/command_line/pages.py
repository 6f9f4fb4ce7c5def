"""`gridpost flows`, `rules` and `seal`: what needs no home."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.command_line.output import Format, FormatOption, plain, write, write_json
from gateway.command_line.place import NotPossibleError


def add_pages(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command("flows")(_flows)
    app.command("rules")(_rules)
    app.command("seal")(_seal)


def _flows(
    type_: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="a file type, such as P0328001")] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Show all flows, or the records and items of one."""
    from gateway import flow_pages

    if type_ is None:
        if format_ is Format.JSON:
            write_json(flow_pages.flows_table())
        else:
            write(flow_pages.flows_text())
        return
    try:
        page = flow_pages.flow_page(type_)
    except KeyError as error:
        raise NotPossibleError(f"{type_} is no flow; `gridpost flows` lists them") from error
    if format_ is Format.JSON:
        write_json(page)
    else:
        write(flow_pages.flow_text(type_))


def _rules(
    id_: Annotated[str | None, typer.Argument(metavar="[ID]", help="a rule, such as GCD-01")] = None,
    write_: Annotated[bool, typer.Option("--write", help="write the catalogue into rules/README.md")] = False,
    check: Annotated[bool, typer.Option("--check", help="end with 1 where rules/README.md is not as written")] = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Show all rules, or one with its examples; or keep the catalogue."""
    import rules
    from gateway import rule_pages
    from rules.catalogue import all_rules

    known = all_rules()
    page = Path(rules.__path__[0]) / "README.md"
    if write_:
        page.write_text(rule_pages.catalogue_page(known), encoding="utf-8")
    elif check:
        if not page.is_file() or page.read_text(encoding="utf-8") != rule_pages.catalogue_page(known):
            write(f"{page} is not what the rules say; `gridpost rules --write` renews it\n")
            raise typer.Exit(1)
    elif id_ is None:
        if format_ is Format.JSON:
            write_json(rule_pages.rules_table(known))
        else:
            write(rule_pages.rules_text(known))
    else:
        found = next((rule for rule in known if rule.id == id_.upper()), None)
        if found is None:
            raise NotPossibleError(f"{id_} is no rule; `gridpost rules` lists them")
        if format_ is Format.JSON:
            write_json(rule_pages.rule_page(found))
        else:
            write(rule_pages.rule_text(found))


def _seal(file: Path) -> None:
    """Write a correct ZZZ footer (count, checksum) into a hand-made file."""
    from gateway.seal import seal_file

    records, checksum = seal_file(file)
    write(f"{plain(str(file))}: {records} records, checksum {checksum}\n")
