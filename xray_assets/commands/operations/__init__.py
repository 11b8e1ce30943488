"""What is asked of the machine: processes, the state folder, its health. One file a command."""
