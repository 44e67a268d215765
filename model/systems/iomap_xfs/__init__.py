"""iomap and XFS: operations, scenarios, designs."""
