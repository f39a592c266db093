"""What the window shows of sweeps: setting one up, and the pictures of one."""
