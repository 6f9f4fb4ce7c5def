"""What a forked gateway needs not import: everything that its first file would."""

import gateway.pipeline
import gateway.valuation  # noqa: F401
from rules.catalogue import all_rules
from tests.exchange import gateway_process  # noqa: F401

all_rules()
