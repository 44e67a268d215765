"""netfs: operations, scenarios, designs."""
