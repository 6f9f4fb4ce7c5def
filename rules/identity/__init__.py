"""Who may say what: registered BM Units, their Lead Parties, authorised signatories (BSC Section K3, BSCP38)."""
