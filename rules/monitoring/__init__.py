"""What scheduled runs look for: the rules MON, and the pure functions over frames behind them."""
