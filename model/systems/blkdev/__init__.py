"""The block device and its buffers: operations, scenarios, designs."""
