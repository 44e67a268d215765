"""f2fs: operations, scenarios, designs."""
