"""NFS: operations, scenarios, designs."""
