"""`python -m gateway.command_line`, the same as `gridpost`."""

from gateway.command_line import main

main()
