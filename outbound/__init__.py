"""What leaves the gateway: receipts, reports, the flows' answers, and the outboxes into which they go."""
